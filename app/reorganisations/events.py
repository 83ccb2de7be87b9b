"""Facts about reorganisations. What happens to organisations, members, posts and papers are facts of their own."""

from datetime import date
from typing import ClassVar

from app.kernel.events import Event
from app.kernel.jobs import Lane
from app.reorganisations.models import ReorganisationKind


class ReorganisationEvent(Event):
    """What every fact about a plan carries; plans are in no phone's scope."""

    subject_type = "reorganisation"

    kind: ReorganisationKind
    effective_on: date


class ReorganisationPlanned(ReorganisationEvent):
    code = "reorganisations.planned"


class ReorganisationWithdrawn(ReorganisationEvent):
    code = "reorganisations.withdrawn"


class ReorganisationCarriedOut(ReorganisationEvent):
    """Without an actor, by the server on the day it was planned for."""

    code = "reorganisations.carried_out"


class ReorganisationFailed(ReorganisationEvent):
    """Its day came, and it could not be done any more; the administrators that day are told."""

    code = "reorganisations.failed"
    lane: ClassVar[Lane | None] = Lane.urgent


class OrganisationReorganised(Event):
    """The people at and below an organisation are told that it is another one from now on, or elsewhere."""

    code = "reorganisations.organisation_reorganised"
    subject_type = "organisation"
    lane: ClassVar[Lane | None] = Lane.bulk

    kind: ReorganisationKind
    former_names: tuple[str, ...]
