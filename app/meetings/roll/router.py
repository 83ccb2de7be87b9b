"""Routes of the meeting's course: start, code, check-in, roll, guests, end."""

from typing import Annotated
from uuid import UUID

from fastapi import Body

from app.kernel.bodies import StrictRoute
from app.kernel.db import DbSession
from app.kernel.etags import ExpectedVersion, Tagged
from app.kernel.problems import problems
from app.kernel.routing import Router
from app.kernel.security import CurrentActor, NotForYourPost
from app.meetings.errors import (
    CheckInCodeExpired,
    CheckInCodeInvalid,
    GuestNotFound,
    MeetingNotBegun,
    MeetingNotFound,
    MeetingNotInSession,
    MeetingNotUpcoming,
    NotConvened,
    NotOnRoster,
    RollClosed,
)
from app.meetings.roll import queries, service
from app.meetings.roll.schemas import (
    CheckIn,
    CheckInCode,
    GuestView,
    GuestWrite,
    MeetingStart,
    RollEntryView,
    RollReplace,
    RollView,
)
from app.meetings.schemas import MeetingView

router = Router(prefix="/meetings", tags=["meetings"], route_class=StrictRoute)


@router.post(
    "/{meeting_id}/start",
    operation_id="startMeeting",
    summary="Open the meeting",
    responses=problems(MeetingNotFound, NotForYourPost, MeetingNotUpcoming, NotOnRoster),
)
async def start_meeting(
    session: DbSession,
    actor: CurrentActor,
    meeting_id: UUID,
    body: Annotated[MeetingStart, Body(default_factory=MeetingStart)],
    tagged: Tagged,
) -> MeetingView:
    """Open the meeting: replies are closed, and everybody convened today stands on the roster, which is then fixed."""
    return tagged.one(await service.start_meeting(session, actor, meeting_id, body))


@router.post(
    "/{meeting_id}/end",
    operation_id="endMeeting",
    summary="Close the meeting",
    responses=problems(MeetingNotFound, NotForYourPost, MeetingNotInSession),
)
async def end_meeting(session: DbSession, actor: CurrentActor, meeting_id: UUID, tagged: Tagged) -> MeetingView:
    """Close the meeting.

    Members the roll says nothing of become exempt where they are, excused where they had replied that they would be
    absent, or are temporarily transferred elsewhere and had not replied, else unexcused; an organiser can correct that
    afterwards. A reply holds when hour or place change on the same day, and not after a postponement or on another.
    """
    return tagged.one(await service.end_meeting(session, actor, meeting_id))


@router.get(
    "/{meeting_id}/check-in-code",
    operation_id="getCheckInCode",
    summary="Code for the screen",
    responses=problems(MeetingNotFound, NotForYourPost, MeetingNotInSession),
)
async def get_check_in_code(session: DbSession, actor: CurrentActor, tagged: Tagged, meeting_id: UUID) -> CheckInCode:
    """Return the code to show as a QR code now; each is shown for 30 seconds and taken for 30 more."""
    return tagged.whole(await queries.get_check_in_code(session, actor, meeting_id))


@router.post(
    "/{meeting_id}/check-in",
    operation_id="checkIn",
    summary="Check in by code",
    responses=problems(
        MeetingNotFound, NotConvened, MeetingNotInSession, RollClosed, CheckInCodeInvalid, CheckInCodeExpired
    ),
)
async def check_in(
    session: DbSession, actor: CurrentActor, tagged: Tagged, meeting_id: UUID, body: CheckIn
) -> RollEntryView:
    """Enter myself as present by the code on the screen.

    The server's clock decides. A scan made without a network is sent later with `offline`, until the minutes are
    approved; the roll marks it so. What an organiser has entered stands, and a second scan changes nothing. Only an
    organiser enters somebody as late.
    """
    return tagged.whole(await service.check_in(session, actor, meeting_id, body))


@router.get(
    "/{meeting_id}/roll",
    operation_id="getRoll",
    summary="The roll",
    responses=problems(MeetingNotFound, MeetingNotBegun),
)
async def get_roll(session: DbSession, actor: CurrentActor, meeting_id: UUID, tagged: Tagged) -> RollView:
    """Return the roll: everybody for organisers, one's own line for members, and the head counts."""
    return tagged.one(await queries.get_roll(session, actor, meeting_id))


@router.put(
    "/{meeting_id}/roll",
    operation_id="takeRoll",
    summary="Take the roll",
    responses=problems(MeetingNotFound, NotForYourPost, MeetingNotBegun, RollClosed, NotOnRoster),
)
async def take_roll(
    session: DbSession,
    actor: CurrentActor,
    meeting_id: UUID,
    body: RollReplace,
    expected: ExpectedVersion,
    tagged: Tagged,
) -> RollView:
    """Enter attendance, of everybody or of some; it can be corrected until the minutes are approved.

    `If-Match` takes the roll's own ETag: each check-in changes it, so that none is overwritten unseen.
    """
    return tagged.one(await service.take_roll(session, actor, meeting_id, body, expected=expected))


@router.post(
    "/{meeting_id}/guests",
    operation_id="enterGuest",
    status_code=201,
    summary="Write down a guest",
    responses=problems(MeetingNotFound, NotForYourPost, MeetingNotBegun, RollClosed),
)
async def enter_guest(
    session: DbSession, actor: CurrentActor, tagged: Tagged, meeting_id: UUID, body: GuestWrite
) -> GuestView:
    """Write down somebody from another branch or from above who sits in; guests are in no headcount."""
    return tagged.whole(await service.enter_guest(session, actor, meeting_id, body))


@router.delete(
    "/{meeting_id}/guests/{guest_id}",
    operation_id="removeGuest",
    status_code=204,
    summary="Take a guest off",
    responses=problems(MeetingNotFound, NotForYourPost, MeetingNotBegun, RollClosed, GuestNotFound),
)
async def remove_guest(session: DbSession, actor: CurrentActor, meeting_id: UUID, guest_id: UUID) -> None:
    """Take a guest off the roll."""
    await service.remove_guest(session, actor, meeting_id, guest_id)
