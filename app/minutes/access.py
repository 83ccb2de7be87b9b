"""Who reads minutes, who remarks on them, and who approves them."""

from app.kernel.security import LEADERS, Actor, NotForYourPost
from app.meetings.access import organises
from app.meetings.models import OVER, Meeting
from app.minutes.errors import MinutesNotFound, MinutesTooEarly, NotAnAttendee
from app.minutes.models import MinutesStatus


def writes(actor: Actor, meeting: Meeting) -> bool:
    """Say whether the caller, who sees the meeting, writes its minutes.

    Organisers do, and whomever the meeting named its minute-taker (domain.md 14), with a post or without.
    """
    return organises(actor, meeting.organisation_id) or actor.member_id == meeting.minute_taker_id


def reads(actor: Actor, meeting: Meeting, status: MinutesStatus, *, took_part: bool) -> bool:
    """Say whether the caller, who sees the meeting, may read its minutes.

    From the meeting's end on they are read by who writes them and by the chair, who approves them; by who took part
    once they are sent for remarks; by everybody else who knows of the meeting, officers above too, once they are
    published.
    """
    if meeting.status not in OVER:
        return False
    is_shown = status is MinutesStatus.published or (took_part and status is not MinutesStatus.draft)
    return is_shown or _works_on(actor, meeting)


def require_reader(actor: Actor, meeting: Meeting, status: MinutesStatus, *, took_part: bool) -> None:
    """Raise MinutesNotFound where the caller may not read the minutes; MinutesTooEarly for whoever works on them."""
    if not reads(actor, meeting, status, took_part=took_part):
        raise MinutesTooEarly if _works_on(actor, meeting) else MinutesNotFound


def require_writer(actor: Actor, meeting: Meeting) -> None:
    """Raise NotForYourPost where the caller reads the minutes, and somebody else writes them."""
    if not writes(actor, meeting):
        raise NotForYourPost


def require_approver(actor: Actor, meeting: Meeting) -> None:
    """Raise NotForYourPost for all but secretary, deputy and whoever took the chair, if they do not write them too."""
    is_chair_alone = actor.member_id == meeting.chair_id and not writes(actor, meeting)
    if not actor.holds_in(meeting.organisation_id, LEADERS) and not is_chair_alone:
        raise NotForYourPost


def reviews(actor: Actor, meeting: Meeting, *, took_part: bool) -> bool:
    """Say whether the caller may see the remarks: those who took part do, and who works on the minutes."""
    return took_part or _works_on(actor, meeting)


def require_reviewer(actor: Actor, meeting: Meeting, *, took_part: bool) -> None:
    """Raise NotForYourPost where the caller reads the minutes, but not the remarks that were made on them."""
    if not reviews(actor, meeting, took_part=took_part):
        raise NotForYourPost


def require_attendee(*, took_part: bool) -> None:
    """Raise NotAnAttendee: who was not there cannot say whether the minutes are right."""
    if not took_part:
        raise NotAnAttendee


def _works_on(actor: Actor, meeting: Meeting) -> bool:
    return writes(actor, meeting) or actor.member_id == meeting.chair_id
