"""A small log in memory, and somebody who tampers with it at random, covering their tracks or not."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from app.kernel.canonical import canonical
from app.kernel.details import digest_of
from app.kernel.seals import BEGINNING, Fact, Head, seal_of
from app.kernel.verifying import Examiner, Fault, SealedFact

CODES = ("meetings.announced", "members.corrected", "identity.signed_in", "members.post_granted")


@dataclass(slots=True)
class Seal:
    organisation_id: str
    sequence: int
    event_id: str
    link: str


@dataclass(slots=True)
class Details:
    member_id: str
    salt: bytes | None
    data: str | None
    digest: str
    is_erased: bool = False


@dataclass(slots=True)
class Ledger:
    """The three tables; of a fact, `details` is looked up when it is read."""

    facts: dict[str, Fact] = field(default_factory=dict)
    seals: list[Seal] = field(default_factory=list)
    details: dict[str, Details] = field(default_factory=dict)

    @classmethod
    def of(cls, chance: random.Random, *, chains: int, length: int) -> "Ledger":
        ledger = cls()
        for _ in range(chains):
            organisation = some_id(chance)
            for _ in range(length):
                fact = some_fact(chance, organisation)
                ledger.facts[fact.id] = fact
                if chance.random() < 0.4:
                    ledger.details[fact.id] = some_details(chance)
                ledger.seals.append(Seal(organisation, 0, fact.id, ""))
        for organisation in ledger.organisations():
            ledger.reseal(organisation)
        return ledger

    def copy(self) -> "Ledger":
        details = {event_id: replace(each) for event_id, each in self.details.items()}
        return Ledger(dict(self.facts), [replace(seal) for seal in self.seals], details)

    def organisations(self) -> list[str]:
        return sorted({seal.organisation_id for seal in self.seals})

    def chain(self, organisation: str) -> list[Seal]:
        return [seal for seal in self.seals if seal.organisation_id == organisation]

    def read(self, event_id: str) -> Fact | None:
        fact, details = self.facts.get(event_id), self.details.get(event_id)
        return None if fact is None else fact._replace(details=details.digest if details else None)

    def reseal(self, organisation: str) -> None:
        """Make the whole chain anew, as whoever may write to the database can."""
        head = BEGINNING
        for seal in list(self.chain(organisation)):
            fact = self.read(seal.event_id)
            if fact is None:
                self.seals.remove(seal)
                continue
            head = Head(head.sequence + 1, seal_of(fact, head))
            seal.sequence, seal.link = head

    def heads(self) -> dict[str, Head]:
        return {seal.organisation_id: Head(seal.sequence, seal.link) for seal in self.seals}

    def faults(self, anchored: dict[str, Head]) -> set[Fault]:
        examiner = Examiner(anchored)
        for seal in sorted(self.seals, key=lambda seal: (seal.organisation_id, seal.sequence)):
            details = self.details.get(seal.event_id)
            examiner.take(
                SealedFact(
                    organisation_id=seal.organisation_id,
                    sequence=seal.sequence,
                    event_id=seal.event_id,
                    link=seal.link,
                    fact=self.read(seal.event_id),
                    member_id=details.member_id if details else None,
                    salt=details.salt if details else None,
                    details=details.data if details else None,
                    is_erased=details.is_erased if details else False,
                    is_excused=False,
                )
            )
        outside = self.facts.keys() - {seal.event_id for seal in self.seals}
        return {each.fault for each in examiner.finish()} | ({Fault.outside} if outside else set())


def some_id(chance: random.Random) -> str:
    return str(UUID(int=chance.getrandbits(128)))


def some_data(chance: random.Random) -> str:
    data: dict[str, Any] = {"version": chance.randint(1, 9), "title": chance.choice(("một", "hai", "ba"))}
    return canonical({**data, "ids": [some_id(chance)], "nested": {"last": chance.random() < 0.5}}).decode()


def some_fact(chance: random.Random, organisation: str) -> Fact:
    return Fact(
        id=some_id(chance),
        occurred_at=f"{chance.randint(1_700_000_000, 1_800_000_000)}.{chance.randint(0, 999_999):06}",
        code=chance.choice(CODES),
        organisation_id=organisation,
        subject_type=chance.choice(("meeting", "member")),
        subject_id=some_id(chance),
        actor_member_id=chance.choice((None, some_id(chance))),
        request_id=chance.choice((None, some_id(chance))),
        data=some_data(chance),
        details=None,
    )


def some_details(chance: random.Random) -> Details:
    member, salt = some_id(chance), chance.randbytes(16)
    data = canonical({"device_name": chance.choice(("Samsung A05", "iPhone 12", "Oppo"))}).decode()
    return Details(member, salt, data, digest_of(salt, member, data).hex())


def edit_fact(ledger: Ledger, chance: random.Random) -> None:
    event_id = chance.choice(list(ledger.facts))
    name = chance.choice([name for name in Fact._fields if name not in {"id", "details"}])
    other = some_fact(chance, chance.choice(ledger.organisations()))
    ledger.facts[event_id] = ledger.facts[event_id]._replace(**{name: getattr(other, name)})


def edit_seal(ledger: Ledger, chance: random.Random) -> None:
    seal = chance.choice(ledger.seals)
    match chance.randrange(4):
        case 0:
            seal.link = f"{int(seal.link, 16) ^ 1 << chance.randrange(256):064x}"
        case 1:
            seal.sequence += chance.choice((-1, 1, 7))
        case 2:
            seal.event_id = chance.choice(list(ledger.facts))
        case _:
            seal.organisation_id = chance.choice((*ledger.organisations(), some_id(chance)))


def delete(ledger: Ledger, chance: random.Random) -> None:
    seal = chance.choice(ledger.seals)
    what = chance.randrange(3)
    if what != 0:
        ledger.seals.remove(seal)
    if what != 1:
        ledger.facts.pop(seal.event_id, None)


def truncate(ledger: Ledger, chance: random.Random) -> None:
    chain = ledger.chain(chance.choice(ledger.organisations()))
    for seal in chain[chance.randrange(len(chain)) :]:
        ledger.seals.remove(seal)
        ledger.facts.pop(seal.event_id, None)


def reorder(ledger: Ledger, chance: random.Random) -> None:
    chain = ledger.chain(chance.choice(ledger.organisations()))
    one, other = chance.choice(chain), chance.choice(chain)
    one.event_id, other.event_id = other.event_id, one.event_id
    if chance.random() < 0.5:
        one.link, other.link = other.link, one.link


def insert(ledger: Ledger, chance: random.Random) -> None:
    organisation = chance.choice(ledger.organisations())
    fact = some_fact(chance, organisation)
    ledger.facts[fact.id] = fact
    if chance.random() < 0.7:  # else it stands in no chain
        chain = ledger.chain(organisation)
        at = chance.choice(chain)
        before = Head(at.sequence - 1, chance.choice(chain).link)
        for later in chain[at.sequence - 1 :]:
            later.sequence += 1
        seal = Seal(organisation, before.sequence + 1, fact.id, seal_of(fact, before))
        ledger.seals.insert(ledger.seals.index(at), seal)


def swap_between_organisations(ledger: Ledger, chance: random.Random) -> None:
    one, other = chance.sample(ledger.organisations(), 2)
    if chance.random() < 0.5:
        first, second = chance.choice(ledger.chain(one)), chance.choice(ledger.chain(other))
        first.event_id, second.event_id = second.event_id, first.event_id
    else:
        for seal in ledger.seals:
            seal.organisation_id = {one: other, other: one}.get(seal.organisation_id, seal.organisation_id)
    if chance.random() < 0.5:
        for seal in ledger.seals:
            fact = ledger.facts[seal.event_id]
            ledger.facts[seal.event_id] = fact._replace(organisation_id=seal.organisation_id)


def tamper_with_details(ledger: Ledger, chance: random.Random) -> None:
    event_id = chance.choice(list(ledger.details))
    details = ledger.details[event_id]
    match chance.randrange(6):
        case 0:
            del ledger.details[event_id]
        case 1:
            details.salt, details.data, details.is_erased = None, None, True
        case 2:
            details.data = canonical({"device_name": chance.choice(("Samsung A06", "Nokia"))}).decode()
        case 3:
            details.member_id = some_id(chance)
        case 4:
            ledger.details[event_id] = some_details(chance)
        case _:
            ledger.details[chance.choice(list(ledger.facts))] = some_details(chance)


TAMPERINGS: tuple[Callable[[Ledger, random.Random], None], ...] = (
    edit_fact,
    edit_seal,
    delete,
    truncate,
    reorder,
    insert,
    swap_between_organisations,
    tamper_with_details,
)


def tampered(ledger: Ledger, chance: random.Random) -> tuple[str, Ledger]:
    """Return another log than it was, and how it came about; half the time every chain is made anew over it."""
    while True:
        tampering = chance.choice(TAMPERINGS)
        other = ledger.copy()
        tampering(other, chance)
        covers = chance.random() < 0.5
        if covers:
            for organisation in other.organisations():
                other.reseal(organisation)
        if other != ledger:
            return f"{tampering.__name__}{', made anew' if covers else ''}", other
