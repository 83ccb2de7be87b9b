"""The actor that a member without a post is."""

from app.kernel.security import Actor
from tests.factories.world import HANOI, Person


def actor_of(person: Person) -> Actor:
    return Actor(
        account_id=person.account_id,
        session_id=person.session_id,
        member_id=person.member_id,
        organisation_id=person.organisation_id,
        path=(person.organisation_id,),
        posts=(),
        time_zone=HANOI,
    )
