"""What each operation answers whom: found or not, allowed or not, and exactly which items a list holds.

`NEEDS` is the access table in general terms: an operation that is not named needs no more than that its subject may be
seen. A new parameter needs its line in `KINDS`, else the test fails.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from uuid import UUID

from tests.isolation.model import BEGUN, LEADERS, OFFICERS, ORGANISERS, OVER, SEATS, Model
from tests.isolation.state import Organisation, Person, Post, State

Some = Any
"""Any: a thing of whatever kind the operation is about."""
May = Callable[[Model, Person, Some], bool]

KINDS = {
    "organisation_id": "organisation",
    "member_id": "member",
    "meeting_id": "meeting",
    "guest_id": "guest",
    "task_id": "task",
    "poll_id": "poll",
    "resolution_id": "resolution",
    "comment_id": "comment",
    "announcement_id": "announcement",
    "document_id": "document",
    "entry_id": "activity_entry",
    "notification_id": "notification",
    "away_period_id": "away_period",
    "post_id": "post",
    "remark_id": "remark",
    "session_id": "session",
    "installation_id": "installation",
    "identity_id": "identity",
    "secret": "calendar",
    "request_id": "correction",
    "standing_id": "decision",
    "transfer_id": "transfer",
    "candidacy_id": "candidacy",
    "other_id": "member",
    "reorganisation_id": "plan",
}
"""Path parameter → the kind of thing it names."""
VALUES = frozenset({"version", "report", "year", "from_year", "step"})
"""Path parameters that name nothing: they are asked as the row of the access table says."""
BODY_KINDS = {
    "commune": "organisation",
    "branch_a": "organisation",
    "branch_b": "organisation",
    "province": "organisation",
    "phoneless": "member",
    "convened": "member",
    "notification": "notification",
    "passed_poll": "poll",
    "probationary_member": "member",
}
"""Name of a thing in a row of the access table → its kind."""

POOLS: Mapping[str, Callable[[State], Iterable[Some]]] = {
    "organisation": lambda state: state.organisations,
    "member": lambda state: state.people,
    "meeting": lambda state: state.meetings,
    "guest": lambda state: (guest for meeting in state.meetings for guest in meeting.guests),
    "task": lambda state: state.tasks,
    "poll": lambda state: state.polls,
    "resolution": lambda state: state.resolutions,
    "comment": lambda state: state.comments,
    "announcement": lambda state: state.announcements,
    "document": lambda state: state.documents,
    "activity_entry": lambda state: state.entries,
    "notification": lambda state: state.notices,
    "away_period": lambda state: state.aways,
    "post": lambda state: state.posts,
    "remark": lambda state: state.remarks,
    "correction": lambda state: state.corrections,
    "decision": lambda state: state.decisions,
    "transfer": lambda state: state.transfers,
    "candidacy": lambda state: state.candidacies,
    "plan": lambda state: state.plans,
    **dict.fromkeys(("session", "installation", "identity", "calendar"), lambda state: state.people),
}

SEES: Mapping[str, May] = {
    "organisation": Model.sees_organisation,
    "member": Model.knows_name,
    "meeting": Model.sees_meeting,
    "guest": lambda model, who, guest: model.sees_meeting(who, guest.meeting),
    "task": Model.sees_task,
    "poll": Model.sees_poll,
    "resolution": Model.sees_resolution,
    "comment": Model.sees_comment,
    "announcement": Model.sees_announcement,
    "document": Model.reads_document,
    "activity_entry": Model.sees_entry,
    "notification": Model.has_notice,
    "away_period": Model.knows_away,
    "post": Model.sees_post,
    "remark": Model.sees_remark,
    "correction": Model.sees_correction,
    "decision": Model.sees_decision,
    "transfer": Model.sees_transfer,
    "candidacy": Model.sees_candidacy,
    "plan": Model.sees_plan,
    **dict.fromkeys(("session", "installation", "identity"), Model.is_own),
}


def identifier(kind: str, thing: Some) -> str:
    """Return what stands for a thing in an address."""
    named = {"session": "session", "installation": "installation", "identity": "identity", "calendar": "calendar"}
    return str(getattr(thing, named.get(kind, "id")))


def _administers(model: Model, who: Person, thing: Some) -> bool:
    return model.holds_over(who, {"administrator"}, thing.organisation)


def _administers_above(model: Model, who: Person, place: Organisation) -> bool:
    return model.holds_above(who, {"administrator"}, place)


def _organises(model: Model, who: Person, thing: Some) -> bool:
    return model.organises(who, thing.organisation)


def _leads(model: Model, who: Person, thing: Some) -> bool:
    return model.succeeds(who, LEADERS, thing.organisation)


def _speaks(model: Model, who: Person, thing: Some) -> bool:
    return model.succeeds(who, OFFICERS, thing.organisation)


def _keeps_records(model: Model, who: Person, thing: Some) -> bool:
    return model.keeps_records(who, thing.organisation)


def _left_of_posts(model: Model, who: Person, member: Person) -> list[Post]:
    """What somebody holds, or will, that is not at or below a post of administrator's of `who`."""
    held = (post for post in member.posts if post.ends_on is None or post.ends_on >= model.today)
    return [post for post in held if not _administers(model, who, post)]


def _hands_out_codes(model: Model, who: Person, member: Person) -> bool:
    left = _left_of_posts(model, who, member)
    if model.succeeds(who, LEADERS, member.organisation):
        left = [
            post
            for post in left
            if post.organisation is not member.organisation or post.kind in {"administrator", "auditor"}
        ]
    return who is not member and _keeps_records(model, who, member) and not left


def _follows_call(model: Model, who: Person, meeting: Some) -> bool:
    return _organises(model, who, meeting) or model.holds_above(who, OFFICERS, meeting.organisation)


def _reads_log(model: Model, who: Person, place: Organisation) -> bool:
    return model.organises(who, place) or model.holds_over(who, OFFICERS | {"auditor"}, place)


def _reads_figures(model: Model, who: Person, place: Organisation) -> bool:
    return model.organises(who, place) or model.holds_over(who, OFFICERS, place)


def _officer_over(model: Model, who: Person, place: Organisation) -> bool:
    return model.holds_over(who, OFFICERS, place)


def _decides(model: Model, who: Person, member: Some) -> bool:
    return who is not member and _keeps_records(model, who, member)


def _receives(model: Model, who: Person, transfer: Some) -> bool:
    return model.keeps_records(who, transfer.receiver)


def _is_told(model: Model, who: Person, announcement: Some) -> bool:
    return announcement.status == "published" and model.is_addressed(who, announcement)


def _keeps_document(model: Model, who: Person, document: Some) -> bool:
    if document.visibility == "owner":
        return document.uploader is who
    return model.succeeds(who, ORGANISERS | OFFICERS, document.organisation)


def _for_all(names: str, may: May) -> dict[str, May]:
    return dict.fromkeys(names.split(), may)


NEEDS: Mapping[str, May] = {
    **_for_all("changeOrganisation grantPost endPost listDeliveries requeueDeliveries", _administers),
    "listPosts": Model.reads_posts,
    "listMembers": Model.knows_names,
    **_for_all("enrolMember importMembers correctMember", _keeps_records),
    "issueActivationCode": _hands_out_codes,
    **_for_all("getMemberRoster correctMembers", Model.keeps_roster),
    **_for_all("listDuplicateMembers distinguishMembers revokeDistinction", _administers),
    "resetSecondFactor": lambda model, who, member: (
        who is not member and _administers(model, who, member) and not _left_of_posts(model, who, member)
    ),
    "enterAwayPeriod": lambda model, who, member: (
        who is member or _keeps_records(model, who, member) or _organises(model, who, member)
    ),
    **_for_all("scheduleMeeting draftResolution", _organises),
    "draftAnnouncement": _speaks,
    "uploadDocument": lambda model, who, place: model.succeeds(who, ORGANISERS | OFFICERS, place),
    "listActivity": _reads_log,
    "getActivitySummary": _reads_figures,
    "listActivityEntries": _leads,
    **_for_all("replaceMeeting discardMeeting announceMeeting postponeMeeting cancelMeeting startMeeting", _organises),
    **_for_all("endMeeting listReplies replyForMember getCheckInCode takeRoll enterGuest removeGuest", _organises),
    **_for_all("correctCourse giveTask changeTask draftMeetingPoll", _organises),
    "replyToMeeting": Model.answers,
    # A roll is drawn up at the start: who is on it came to be called then, whatever ended since.
    "checkIn": lambda model, who, meeting: who in meeting.roster or model.answers(who, meeting),
    "getMeetingReach": _follows_call,
    "reportTaskDone": lambda _, who, task: task.assignee is who,
    **_for_all("replaceMinutes sendMinutes", Model.writes_minutes),
    "publishMinutes": _organises,
    "answerRemark": lambda model, who, remark: model.writes_minutes(who, remark.meeting),
    "approveMinutes": lambda model, who, meeting: (
        _leads(model, who, meeting) or (meeting.chair is who and not model.writes_minutes(who, meeting))
    ),
    "listRemarks": Model.reads_remarks,
    "remarkOnMinutes": Model.took_part,
    **_for_all("changePoll discardPoll openPoll closePoll enterHandVotes", _organises),
    "listVotes": Model.lists_votes,
    "castBallot": lambda _, who, poll: who in poll.electors,
    **_for_all("replaceResolution discardResolution draftResolutionPoll", _organises),
    **_for_all("openResolution closeResolution adoptResolution rejectResolution answerComment", _leads),
    **_for_all(
        "listResolutionVersions getResolutionVersion compareVersions getComparisonPage listComments"
        " commentOnResolution",
        Model.reads_history,
    ),
    **_for_all("changeComment deleteComment", lambda _, who, comment: comment.author is who),
    **_for_all("replaceAnnouncement removeAnnouncement publishAnnouncement", _speaks),
    **_for_all("openAnnouncement acknowledgeAnnouncement", _is_told),
    "getAnnouncementReach": Model.follows,
    **_for_all("changeDocument deleteDocument", _keeps_document),
    **_for_all("replaceActivityEntry withdrawActivityEntry", lambda _, who, entry: entry.member is who),
    **_for_all("confirmActivityEntry returnActivityEntry", lambda _, who, entry: entry.member is not who),
    **_for_all("listCorrectionRequests listTransfers listCandidacies enterCandidate", _keeps_records),
    "withdrawCorrectionRequest": lambda _, who, correction: correction.member is who,
    **_for_all(
        "acceptCorrectionRequest rejectCorrectionRequest changeStandingDecision revokeStandingDecision",
        lambda _, who, thing: thing.member is not who,
    ),
    "listStandingDecisions": lambda model, who, member: who is member or _keeps_records(model, who, member),
    "decideStanding": _decides,
    **_for_all("startTransfer recogniseMember withdrawTransfer prolongStay", _keeps_records),
    **_for_all("acceptTransfer refuseTransfer", _receives),
    "endStay": Model.keeps_a_side,
    **_for_all("getAdoptionReport getAttendanceReport getMeetingsReport getAdmissionsReport", _officer_over),
    **_for_all("getRatingReport getAwayReport getReportSpreadsheet getReportPdf", _officer_over),
    **_for_all("setAdmissionTarget setTermTarget setFoundingTarget", _officer_over),
    **_for_all("removeAdmissionTarget removeTermTarget removeFoundingTarget", _officer_over),
    **_for_all("getRatings rateMembers removeRating", Model.rates),
    **_for_all("mergeOrganisations renameOrganisation listReorganisations importTree", _administers),
    **_for_all("splitOrganisation moveOrganisation dissolveOrganisation", _administers_above),
    **_for_all("listMembersAway getUnreachedMembers", lambda model, who, place: model.holds(who, ORGANISERS, place)),
    "nudgeMember": Model.cares,
    **_for_all(
        "getProxyContact nameProxyContact removeProxyContact",
        lambda model, who, member: who is member or model.cares(who, member),
    ),
}
"""Operation → who may, of those who see what it is about; everybody else is answered 403."""

OF_MINUTES = frozenset(
    [
        "getMinutes",
        "getMinutesPdf",
        "replaceMinutes",
        "sendMinutes",
        "approveMinutes",
        "publishMinutes",
        "listRemarks",
        "remarkOnMinutes",
    ]
)
_MISSING = frozenset({404})
WITHIN: Mapping[str, frozenset[int]] = {
    **dict.fromkeys(("removeGuest", "requeueDeliveries", "getResolutionVersion", "grantPost"), _MISSING),
    **dict.fromkeys(("compareVersions", "getComparisonPage", "getProxyContact", "removeProxyContact"), _MISSING),
    **dict.fromkeys(("removeAdmissionTarget", "removeTermTarget", "removeFoundingTarget", "removeRating"), _MISSING),
    # The other one is judged like the first.
    **dict.fromkeys(("distinguishMembers", "revokeDistinction"), frozenset({403, 404})),
    # Every other organisation that is named is judged like the first.
    **dict.fromkeys(("mergeOrganisations", "moveOrganisation"), frozenset({403, 404})),
    # A member who is not called, or has no vote, is no less known to who asks.
    "replyForMember": frozenset({403, 404}),
    # Who comes as a guest after the roll was drawn up is not on it.
    "checkIn": frozenset({403}),
    "enterHandVotes": frozenset({403}),
}
"""Operation → how it may be refused though its subject is visible, and one may: for something else that it names."""


def is_found(model: Model, who: Person, operation: str, kind: str, thing: Some) -> bool:
    """Say whether somebody may know of what an operation is about."""
    if operation in OF_MINUTES:
        # Before the end those who will work on them are told that it is too early.
        return model.reads_minutes(who, thing) or (
            thing.status not in OVER and model.sees_meeting(who, thing) and model.works_on_minutes(who, thing)
        )
    if operation == "getResolutionPdf":
        return thing.status == "adopted" and model.sees_resolution(who, thing)
    if operation == "readNotification":  # again, after it was taken back
        return who in thing.inboxes or model.has_notice(who, thing)
    return SEES[kind](model, who, thing)


def stood_there(who: Person, poll: Some) -> bool:
    """Say whether somebody is or was of the branch that votes: they hear that they have no vote."""
    known = poll.status != "draft" and not poll.for_committee
    return known and any(one.organisation is poll.organisation for one in who.standings)


# The items of lists, by what the address names.

Items = Callable[[Model, Person, Some], Iterable[UUID]]


def _ids(things: Iterable[Some]) -> Iterable[UUID]:
    return (thing.id for thing in things)


def _in(pool: str, may: May) -> Items:
    """List what there is of a kind in an organisation, as far as somebody may see it."""

    def items(model: Model, who: Person, place: Some) -> Iterable[UUID]:
        return _ids(one for one in POOLS[pool](model.state) if one.organisation is place and may(model, who, one))

    return items


def _lists_announcement(model: Model, who: Person, one: Some) -> bool:
    if model.succeeds(who, OFFICERS, one.organisation):
        return bool(one.status != "withdrawn")
    return model.is_current(one) and model.sees_announcement(who, one)


def _my_meetings(model: Model, who: Person, _: Some) -> Iterable[UUID]:
    return _ids(
        one
        for one in model.state.meetings
        if one.status != "draft" and model.is_called(who, one) and one.starts_at >= model.began_today(who)
    )


def _members(model: Model, who: Person, place: Some) -> Iterable[UUID]:
    del who
    home = (one for one in model.state.people if one.organisation is place)
    return _ids(one for one in home if not model.has_left(one, place) and not model.is_candidate(one))


def _posts(model: Model, who: Person, place: Some) -> Iterable[UUID]:
    del who
    return _ids(
        one
        for one in model.state.posts
        if one.organisation is place and (one.ends_on is None or one.ends_on >= model.today)
    )


ITEMS: Mapping[str, Items] = {
    "listMeetings": _in("meeting", Model.sees_meeting),
    "listTasks": _in("task", Model.sees_task),
    "listPolls": _in("poll", Model.sees_poll),
    "listResolutions": _in("resolution", Model.sees_resolution),
    "listAnnouncements": _in("announcement", _lists_announcement),
    "listActivityEntries": _in("activity_entry", Model.sees_entry),
    "listMembers": _members,
    "listPosts": _posts,
    "listChildren": lambda model, who, place: _ids(
        one
        for one in model.state.organisations
        if one.parent is place and one.last_day is None and model.sees_organisation(who, one)
    ),
    "listMeetingTasks": lambda model, who, meeting: _ids(
        one for one in model.state.tasks if one.meeting is meeting and model.sees_task(who, one)
    ),
    "listReplies": lambda model, _, meeting: _ids(model.convened(meeting.organisation, meeting.kind)),
    "listRemarks": lambda _model, _who, meeting: _ids(meeting.remarks),
    "listVotes": lambda _model, _who, poll: _ids(poll.voters),
    "listComments": lambda _model, _who, resolution: _ids(resolution.comments),
    "listMyMeetings": _my_meetings,
    "listMyTasks": lambda model, who, _: _ids(one for one in model.state.tasks if one.assignee is who),
    "listMyAnnouncements": lambda model, who, _: _ids(
        one for one in model.state.announcements if model.is_current(one) and model.is_addressed(who, one)
    ),
    "listMyNotifications": lambda model, who, _: _ids(one for one in model.state.notices if model.has_notice(who, one)),
    "listMySessions": lambda _model, who, _: [who.session],
    "listMyIdentities": lambda _model, who, _: [who.identity],
    "listDocuments": lambda model, who, _: _ids(one for one in model.state.documents if model.reads_document(who, one)),
    "listCorrectionRequests": lambda model, _, place: _ids(
        one for one in model.state.corrections if one.organisation is place
    ),
    "listMyCorrectionRequests": lambda model, who, _: _ids(one for one in model.state.corrections if one.member is who),
    "listStandingDecisions": lambda model, _, member: _ids(
        one for one in model.state.decisions if one.member is member
    ),
    "listTransfers": lambda model, _, place: _ids(
        one for one in model.state.transfers if place in {one.organisation, one.to}
    ),
    "listMyTransfers": lambda model, who, _: _ids(one for one in model.state.transfers if one.member is who),
    "listOrganisations": lambda model, who, _: _ids(
        one for one in model.state.organisations if one.last_day is None and model.sees_organisation(who, one)
    ),
    "listCandidacies": lambda model, _, place: _ids(
        one for one in model.state.candidacies if one.candidate.organisation is place
    ),
    "listReorganisations": lambda model, _, place: _ids(one for one in model.state.plans if place in one.involved),
    "getRatings": lambda model, _, place: _ids(one for one in model.state.people if model.is_rated(one, place)),
}
"""Operation → the ids of all its items, over all its pages."""


def seen_changes(model: Model, who: Person, told: Iterable[tuple[UUID, str, UUID]]) -> set[tuple[str, str]]:
    """Return type and id of every object that a phone gets which has nothing yet; `told` are the change rows."""
    guest_of = {one for host in model.hosts(who) for one in host.line}
    held = model.places(who, SEATS) | {
        one for one in model.state.organisations if one.successor in model.places(who, ORGANISERS)
    }
    scopes = {who.id, *(one.id for one in (*who.organisation.line, *model.ended(who), *guest_of, *held))}
    rows = {(kind, key) for scope, kind, key in told if scope in scopes}
    by_id: dict[tuple[str, UUID], Some] = {
        (kind, one.id): one for kind in CHANGING for one in POOLS[OBJECTS.get(kind, kind)](model.state)
    }
    return {
        (kind, str(key)) for kind, key in rows if (kind, key) in by_id and CHANGING[kind](model, who, by_id[kind, key])
    }


def _shows_post(model: Model, who: Person, post: Some) -> bool:
    lasts = post.ends_on is None or post.ends_on >= model.today
    seen = model.sees_organisation(who, post.organisation) and model.reads_posts(who, post.organisation)
    return lasts and seen


def _shows_roll(model: Model, who: Person, meeting: Some) -> bool:
    return meeting.status in BEGUN and model.sees_meeting(who, meeting)


OBJECTS = {"roll": "meeting", "minutes": "meeting"}
CHANGING: Mapping[str, May] = {
    **{
        kind: SEES[kind]
        for kind in [
            "organisation",
            "member",
            "away_period",
            "meeting",
            "task",
            "poll",
            "resolution",
            "comment",
            "announcement",
            "document",
            "activity_entry",
            "notification",
        ]
    },
    "post": _shows_post,
    "roll": _shows_roll,
    "minutes": Model.reads_minutes,
}
"""Type of object → who is shown it by /changes."""
