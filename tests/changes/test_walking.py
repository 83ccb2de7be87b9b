"""However people walk about: a phone that catches up holds what a new one is told, and what the addresses say."""

import pytest

from tests.changes.phones import (
    ADDRESSES,
    Held,
    Phone,
    announce_world,
    at_their_addresses,
    fresh,
    in_their_lists,
    settled,
)
from tests.changes.walking import Walk
from tests.conftest import RolledBackDatabase
from tests.factories.clock import FakeClock
from tests.factories.meetings import SignedIn
from tests.factories.world import Person, World
from tests.factories.year import live_december
from tests.worker import JobRunner

STEPS = 200
WALKERS = ("member", "away", "probationary", "secretary", "officer", "sister_member", "sister_secretary")


@pytest.mark.parametrize("seed", range(2))
async def test_phones_that_catch_up_at_any_moment_hold_what_the_server_shows(
    seed: int, world: World, signed_in: SignedIn, database: RolledBackDatabase, jobs: JobRunner
) -> None:
    await announce_world(database)
    walk = Walk(world, signed_in, seed=seed)
    phones = {name: Phone() for name in WALKERS}
    for _ in range(STEPS):
        await walk.step()
        if walk.chance.random() < 0.1:
            await jobs.run()
        if walk.chance.random() < 0.15:
            name = walk.chance.choice(WALKERS)
            await phones[name].ask_once(walk.as_(getattr(world, name)), limit=walk.chance.randint(1, 40))
    await jobs.run()
    assert len(walk.taken) >= 15, sorted(walk.taken)
    for name in WALKERS[seed::2]:  # looking at what all of them hold would take as long as the walk
        phone, person = phones[name], getattr(world, name)
        client = walk.as_(person)
        while await phone.ask_once(client):
            pass
        new = await fresh(client, limit=200)
        assert different(settled(phone.held), settled(new.held)) == [], name
        shown = await at_their_addresses(client, new)
        assert different({each: new.held[each] for each in shown}, settled(shown)) == [], name
        listed = await in_their_lists(client, person.organisation_id)
        reached_otherwise = {("document", identifier) for identifier in others_own(listed, person)}
        assert listed.keys() - new.held.keys() - reached_otherwise == set(), name


async def test_phones_that_slept_for_a_month_hold_what_the_server_shows(
    world: World, signed_in: SignedIn, database: RolledBackDatabase, jobs: JobRunner, clock: FakeClock
) -> None:
    await announce_world(database)
    phones = {name: await fresh(signed_in(getattr(world, name))) for name in WALKERS}
    await live_december(world, signed_in, clock)
    await jobs.run()
    for name, phone in phones.items():
        client = signed_in(getattr(world, name))
        await phone.catch_up(client)
        assert different(phone.held, (await fresh(client)).held) == [], name
        assert different(await at_their_addresses(client, phone), only_addressed(phone.held)) == [], name
    told = {kind for kind, _ in phones["member"].held}
    assert told >= {
        "activity_entry",
        "announcement",
        "comment",
        "meeting",
        "notification",
        "poll",
        "resolution",
        "roll",
    }


def only_addressed(held: Held) -> Held:
    return {name: resource for name, resource in held.items() if name[0] in ADDRESSES}


def others_own(listed: Held, person: Person) -> set[str]:
    """Documents that others keep for themselves: leaders are told of them only in the entries they prove."""
    return {
        identifier
        for (kind, identifier), resource in listed.items()
        if kind == "document"
        and (resource["visibility"], resource["uploaded_by"] == str(person.member_id)) == ("owner", False)
    }


def different(ours: Held, theirs: Held) -> list[str]:
    """What the two say differently, in lines that can be read."""
    lines = []
    for name in sorted(ours.keys() | theirs.keys()):
        left, right = ours.get(name), theirs.get(name)
        if left is None or right is None:
            lines.append(f"{name} is missing {'on the phone' if left is None else 'where it is compared with'}")
        elif left != right:
            fields = [field for field in left if left[field] != right[field]]
            lines.append(f"{name}: {[(field, left[field], right[field]) for field in fields]}")
    return lines
