"""Which statuses are right for a request, by the model."""

from tests.isolation.asking import Asked
from tests.isolation.model import OVER, Model
from tests.isolation.rules import NEEDS, OF_MINUTES, WITHIN, is_found, stood_there
from tests.isolation.state import Organisation, Person

DENIED = frozenset({401, 403, 404})
FOR_A_PASSWORD = frozenset(
    {
        "changePassword",
        "confirmSecondFactor",
        "enrolSecondFactor",
        "linkIdentity",
        "renewRecoveryCodes",
        "removeSecondFactor",
    }
)
STATE_FIRST = {"checkIn": {409}, "castBallot": {409}}
"""Asked at another time these are refused for that, whoever asks."""


def denials(asked: Asked, model: Model) -> frozenset[int]:
    """Return which of 401, 403 and 404 is right; empty where none is, since all is visible and allowed."""
    caller, name = asked.caller, asked.operation.name
    if not asked.operation.needs_sign_in:
        return _of_the_open(asked, model)
    if caller is None or not model.is_active(caller):
        return frozenset({401})
    if asked.kind is None:
        return _of_no_subject(asked, model, caller)
    if name == "replaceDevice":  # of somebody else it is in use, whoever that is
        return frozenset()
    return _of_subject(asked, model, caller)


def _of_subject(asked: Asked, model: Model, caller: Person) -> frozenset[int]:
    name = asked.operation.name
    assert asked.kind is not None
    if asked.subject is None or not is_found(model, caller, name, asked.kind, asked.subject):
        has_no_vote = name == "castBallot" and asked.subject is not None and stood_there(caller, asked.subject)
        return frozenset({403 if has_no_vote else 404})
    if name in OF_MINUTES and asked.subject.status not in OVER:
        return frozenset()  # too early, whoever may
    if name not in NEEDS or NEEDS[name](model, caller, asked.subject):
        return frozenset()
    return frozenset({403, *STATE_FIRST.get(name, ()), *_only_read(asked.subject)})


def _only_read(thing: object) -> set[int]:
    """What has ended is only read any more, whoever asks: that may be said first."""
    return {409} if getattr(thing, "last_day", None) else set()


def may_differ(asked: Asked) -> frozenset[int]:
    """Return the denials that a request may meet though it is allowed: for something else that it names."""
    return WITHIN.get(asked.operation.name, frozenset())


def _of_the_open(asked: Asked, model: Model) -> frozenset[int]:
    if asked.operation.name != "fetchCalendar":
        return frozenset({401}) if asked.operation.path.startswith("/v1/auth/") else frozenset()
    is_there = asked.subject is not None and model.is_member(asked.subject)
    return frozenset() if is_there else frozenset({404})


def _of_no_subject(asked: Asked, model: Model, caller: Person) -> frozenset[int]:
    name, body = asked.operation.name, asked.body or {}
    right: set[int] = set()
    if name == "foundOrganisation":
        parent = _organisation(model, body["parent_id"])
        if parent is None or not model.sees_organisation(caller, parent):
            right = {404}
        elif not model.holds_over(caller, {"administrator"}, parent):
            right = {403, *_only_read(parent)}
    elif "organisation_id" in asked.params:
        place = _organisation(model, asked.params["organisation_id"])
        right = set() if place is not None and model.sees_organisation(caller, place) else {404}
    elif name == "markNotificationsRead":
        through = next((one for one in model.state.notices if str(one.id) == body["through"]), None)
        # One that was read and then taken back is still a mark: up to there.
        is_known = through is not None and (caller in through.inboxes or model.has_notice(caller, through))
        right = set() if is_known else {404}
    return frozenset(right)


def _organisation(model: Model, identifier: str) -> Organisation | None:
    return next((one for one in model.state.organisations if str(one.id) == identifier), None)
