"""One table crosses every operation with everybody an access rule speaks of; an operation without a row fails."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from httpx import AsyncClient

from tests.conftest import RolledBackDatabase
from tests.contract.document import DOCUMENT
from tests.contract.roles import (
    CALLS_ANNOUNCED,
    CALLS_DRAFT,
    CHANGES_TREE,
    EVERYBODY,
    KEEPS_RECORD,
    KNOWS_AWAY,
    NOBODY_WITHOUT_SECRETS,
    OK,
    ROLES,
    SEES_BRANCH,
    SEES_MEETING,
    SIGNED_IN,
    VERSION_1,
    A,
    Row,
    Things,
    expect,
)
from tests.contract.rows import (
    activity,
    admissions,
    announcements,
    care,
    changes,
    documents,
    identity,
    meetings,
    members,
    memberships,
    minutes,
    notifications,
    polls,
    privacy,
    reorganisations,
    reports,
    resolutions,
    transfers,
)
from tests.contract.things import PASSWORD, numbers_of, people_of
from tests.factories.world import HANOI, Person, World

ROSTER = "Họ và tên,Ngày sinh,Ngày vào Đảng,Ngày chính thức\nCao Thị Uyên,02/03/1980,19/05/2005,19/05/2006\n"

MEETING = {
    "title": "Sinh hoạt tháng 12",
    "starts_at": "2026-12-04T12:30:00Z",
    "place": "Nhà văn hóa",
    "kind": "regular",
}
INSTALLATION = {"installation_id": str(uuid4()), "platform": "android"}
DEVICE = {"platform": "android", "time_zone": HANOI, "app_version": "1.0.0"}
ABSENT = {"reply": "absent", "reason": "Đi công tác"}

TABLE = (
    Row("getHealth", EVERYBODY),
    Row("getReadiness", dict.fromkeys(ROLES, 503), why="with no worker"),
    Row("getJwks", EVERYBODY),
    # Signing in: a wrong secret is answered alike to everybody.
    Row(
        "activateAccount",
        NOBODY_WITHOUT_SECRETS,
        body={
            "activation_code": "K7MN-4PQR-TW",
            "password": "con-trau-di-truoc",
            "installation": INSTALLATION,
        },
    ),
    Row(
        "signIn",
        NOBODY_WITHOUT_SECRETS,
        body={
            "phone": "+84900000003",
            "password": "sai mật khẩu",
            "installation": INSTALLATION,
        },
    ),
    Row("refreshTokens", NOBODY_WITHOUT_SECRETS, body={"refresh_token": "không có"}),
    Row("signOut", SIGNED_IN),
    Row("changePassword", SIGNED_IN, body={"current_password": PASSWORD, "new_password": "con-trau-di-truoc"}),
    # What is mine.
    Row("getMe", SIGNED_IN),
    Row("listMySessions", SIGNED_IN),
    Row("endOtherSessions", SIGNED_IN),
    Row("endSession", SIGNED_IN, path={"session_id": "mine.session_id"}),
    Row("endSession", expect(404), path={"session_id": "sister_session"}, why="of somebody else"),
    Row("replaceDevice", SIGNED_IN, path={"installation_id": "mine.installation_id"}, body=DEVICE),
    Row(
        "replaceDevice",
        expect(409),
        path={"installation_id": "sister_installation"},
        body=DEVICE,
        why="of somebody else",
    ),
    Row("removeDevice", SIGNED_IN, path={"installation_id": "mine.installation_id"}),
    Row("removeDevice", expect(404), path={"installation_id": "sister_installation"}, why="of somebody else"),
    Row("getWebPushKey", SIGNED_IN),
    Row("listMyMeetings", SIGNED_IN),
    Row("listMyNotifications", SIGNED_IN),
    # Told before the guest came.
    Row("readNotification", expect(404, branch=OK, guest=404), path={"notification_id": "notification"}),
    Row("markNotificationsRead", expect(404, branch=OK, guest=404), body={"through": "$notification"}),
    Row("listMyPreferences", SIGNED_IN),
    Row("replaceMyPreferences", SIGNED_IN, body={"items": []}),
    # The tree. An auditor and an administrator see its names: the log and the posts speak of them.
    Row("getOrganisation", SEES_BRANCH, path=A),
    Row(
        "getOrganisation", expect(404, inside=OK, sister_secretary=OK), path={"organisation_id": "commune"}, why="above"
    ),
    Row("listOrganisations", SIGNED_IN),
    Row("listChildren", expect(404, inside=OK, sister_secretary=OK), path={"organisation_id": "commune"}),
    Row(
        "foundOrganisation",
        expect(404, inside=403, sister_secretary=403, administrator=OK),
        body={
            "parent_id": "$commune",
            "kind": "branch",
            "name": "Chi bộ thôn Nam",
        },
    ),
    Row("changeOrganisation", CHANGES_TREE, path=A, body={"name": "Chi bộ thôn Đông 1"}, headers=VERSION_1),
    Row("listPosts", expect(404, inside=OK, auditor=403), path=A),
    Row(
        "grantPost",
        CHANGES_TREE,
        path=A,
        body={
            "member_id": "$phoneless",
            "kind": "deputy_secretary",
            "starts_on": "2026-12-01",
        },
    ),
    Row("endPost", CHANGES_TREE, path={"post_id": "post"}),
    # Members: names within the branch, states for officers above, records for who keeps them.
    Row("listMembers", expect(404, inside=OK, auditor=403), path=A),
    Row("listMyRecordViews", SIGNED_IN),
    Row("getMember", expect(404, branch=OK, guest=404, officer=OK, administrator=OK), path={"member_id": "phoneless"}),
    Row(
        "enrolMember",
        expect(404, inside=403, secretary=OK, administrator=OK),
        path=A,
        body={
            "full_name": "Cao Thị Uyên",
            "admitted_on": "2005-05-19",
            "official_on": "2006-05-19",
        },
    ),
    Row("correctMember", KEEPS_RECORD, path={"member_id": "phoneless"}, body={"sex": "male"}, headers=VERSION_1),
    Row("issueActivationCode", KEEPS_RECORD, path={"member_id": "convened"}),
    Row("importMembers", expect(404, inside=403, secretary=OK, administrator=OK), path=A, form={"commit": "false"}),
    Row("getMemberImportTemplate", SIGNED_IN),
    *members.ROWS,
    Row(
        "enterAwayPeriod",
        expect(404, branch=403, guest=404, officer=403, organisers=OK, administrator=OK),
        path={"member_id": "phoneless"},
        body={"starts_on": "2026-12-01", "place": "Berlin", "time_zone": "Europe/Berlin"},
    ),
    Row(
        "enterAwayPeriod",
        expect(404, branch=403, guest=404, officer=403, organisers=OK, administrator=OK, member=OK),
        path={"member_id": "convened"},
        body={"starts_on": "2026-12-01", "place": "Berlin", "time_zone": "Europe/Berlin"},
        why="of the member themself",
    ),
    Row("getAwayPeriod", {**KNOWS_AWAY, "away": OK}, path={"away_period_id": "away_period"}),
    Row(
        "changeAwayPeriod",
        {**KNOWS_AWAY, "away": OK},
        path={"away_period_id": "away_period"},
        body={"ends_on": "2027-02-28"},
        headers=VERSION_1,
    ),
    # Meetings: only the branch's own organisers call them; a post above gives no right to.
    Row("listMeetings", SEES_BRANCH, path=A),
    Row("scheduleMeeting", expect(404, inside=403, organisers=OK), path=A, body=MEETING),
    Row("getMeeting", SEES_MEETING, path={"meeting_id": "announced"}),
    Row("getMeeting", CALLS_DRAFT, path={"meeting_id": "draft"}, why="still a draft"),
    Row("replaceMeeting", CALLS_ANNOUNCED, path={"meeting_id": "announced"}, body=MEETING, headers=VERSION_1),
    Row(
        "replaceMeeting",
        CALLS_DRAFT,
        path={"meeting_id": "draft"},
        body=MEETING,
        headers=VERSION_1,
        why="still a draft",
    ),
    Row("discardMeeting", CALLS_DRAFT, path={"meeting_id": "draft"}, headers=VERSION_1),
    Row("announceMeeting", CALLS_DRAFT, path={"meeting_id": "draft"}),
    Row(
        "postponeMeeting",
        CALLS_ANNOUNCED,
        path={"meeting_id": "announced"},
        body={
            "starts_at": "2026-12-06T12:30:00Z",
            "reason": "Mưa bão",
        },
    ),
    Row("cancelMeeting", CALLS_ANNOUNCED, path={"meeting_id": "announced"}, body={"reason": "Mưa bão"}),
    Row("startMeeting", CALLS_ANNOUNCED, path={"meeting_id": "announced"}),
    Row("endMeeting", CALLS_ANNOUNCED, path={"meeting_id": "in_session"}),
    # Officers above see how many come (in the meeting), never who and why.
    Row("listReplies", CALLS_ANNOUNCED, path={"meeting_id": "announced"}),
    Row("replyToMeeting", expect(404, branch=OK, officer=403), path={"meeting_id": "announced"}, body=ABSENT),
    Row("replyForMember", CALLS_ANNOUNCED, path={"meeting_id": "announced", "member_id": "phoneless"}, body=ABSENT),
    *identity.ROWS,
    *meetings.ROWS,
    *documents.ROWS,
    *announcements.ROWS,
    *notifications.ROWS,
    *polls.ROWS,
    *resolutions.ROWS,
    *minutes.ROWS,
    *activity.ROWS,
    *reorganisations.ROWS,
    *care.ROWS,
    *changes.ROWS,
    *privacy.ROWS,
    *reports.ROWS,
    *transfers.ROWS,
    *admissions.ROWS,
    *memberships.ROWS,
)


@dataclass(frozen=True, slots=True)
class Operation:
    """Where an operation is found."""

    method: str
    path: str


@pytest.fixture(scope="module")
def operations() -> Mapping[str, Operation]:
    return {
        operation["operationId"]: Operation(method.upper(), path)
        for path, item in DOCUMENT["paths"].items()
        for method, operation in item.items()
    }


def test_every_operation_has_a_row_and_every_row_an_operation(operations: Mapping[str, Operation]) -> None:
    assert {row.operation for row in TABLE} == set(operations)


Undone = Callable[[Callable[[], Awaitable[int]]], Awaitable[int]]


@pytest.fixture
async def undone(database: RolledBackDatabase) -> AsyncIterator[Undone]:
    """Runs something and takes back what it did, so that the next caller finds everything as it was."""
    async with database.session() as session:
        connection = await session.connection()

        async def run(work: Callable[[], Awaitable[int]]) -> int:
            savepoint = await connection.begin_nested()
            status = await work()
            await savepoint.rollback()
            return status

        yield run


@pytest.mark.parametrize("row", TABLE, ids=str)
async def test_each_role_gets_what_the_table_says_and_nobody_elses_numbers_in_clear(
    row: Row,
    operations: Mapping[str, Operation],
    world: World,
    things: Things,
    client: AsyncClient,
    signed_in: Callable[[Person], AsyncClient],
    undone: Undone,
) -> None:
    operation = operations[row.operation]
    in_clear = {person: numbers_of(person) for person in people_of(world)}
    got: dict[str, str | int] = {}
    for role in ROLES:
        person: Person | None = None if role == "anonymous" else getattr(world, role)
        caller = client if person is None else signed_in(person)
        path = operation.path.format(**{name: identify(thing, things, person) for name, thing in row.path.items()})
        body = {name: identify(value, things, person) for name, value in row.body.items()} if row.body else None
        form = {name: identify(value, things, person) for name, value in (row.form or {}).items()}
        others = [number for other, numbers in in_clear.items() if other != person for number in numbers]

        async def ask(
            caller: AsyncClient = caller,
            path: str = path,
            body: dict[str, Any] | None = body,
            form: dict[str, Any] = form,
            others: list[str] = others,
            role: str = role,
        ) -> int:
            if row.form is not None:
                name, content = row.file or ("danh-sach.csv", ROSTER.encode())
                answer = await caller.request(operation.method, path, data=form, files={"file": (name, content)})
            else:
                answer = await caller.request(operation.method, path, json=body, headers=dict(row.headers))
            assert [number for number in others if number in answer.text] == [], f"{role} reads somebody's number"
            return answer.status_code

        status = await undone(ask)
        got[role] = OK if status < 300 else status
    assert got == row.expected


def identify(value: Any, things: Things, person: Person | None) -> Any:  # Any: JSON
    """Put an id in the place of a name: a thing's, `$thing`'s in a body, or the caller's own."""
    if isinstance(value, list):
        return [identify(one, things, person) for one in value]
    if isinstance(value, dict):
        return {name: identify(one, things, person) for name, one in value.items()}
    if not isinstance(value, str):
        return value
    if value.startswith("mine."):
        return str(getattr(person, value.removeprefix("mine."), uuid4()))
    if value.startswith("$"):
        return str(things[value[1:]])
    return str(things[value]) if value in things else value


@pytest.mark.parametrize("role", ["administrator", "auditor"])
async def test_administrators_and_auditors_see_no_meeting_in_a_branch(
    role: str, world: World, things: Things, signed_in: Callable[[Person], AsyncClient]
) -> None:
    del things
    answer = await signed_in(getattr(world, role)).get(f"/v1/organisations/{world.branch_a}/meetings")
    assert answer.json()["items"] == []


async def test_drafts_are_listed_for_the_organisers_only(
    world: World, things: Things, signed_in: Callable[[Person], AsyncClient]
) -> None:
    listed = {}
    for role in ("secretary", "minute_taker", "member", "officer"):
        answer = await signed_in(getattr(world, role)).get(f"/v1/organisations/{world.branch_a}/meetings")
        listed[role] = str(things["draft"]) in {item["id"] for item in answer.json()["items"]}
    assert listed == {"secretary": True, "minute_taker": True, "member": False, "officer": False}
