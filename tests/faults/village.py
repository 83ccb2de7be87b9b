"""A commune of branches of twenty with a phone each: as many people as there shall be phones."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

from argon2 import PasswordHasher
from sqlalchemy import delete, text, update

from app.identity.models import Account, Device
from app.kernel.clock import system_clock
from app.kernel.db import PooledDatabase, transaction
from app.kernel.scopes import Change
from app.kernel.security import PostKind
from app.members.models import Standing, StandingKind
from app.organisations.models import OrganisationKind
from tests.factories.changes import tell_of_world
from tests.factories.world import Maker, Person
from tests.faults.phone import PASSWORD

BRANCH_SIZE = 20
SMALLEST_BRANCH = 5


@dataclass(frozen=True)
class Branch:
    """Its first member is the secretary, the second takes the minutes."""

    id: UUID
    people: tuple[Person, ...]


@dataclass(frozen=True)
class Village:
    """`guest` is of the first branch and stays with the second for the time being."""

    url: str
    branches: tuple[Branch, ...]
    guest: Person | None

    async def guest_goes_home(self) -> None:
        """End the guest's stay, as a transfer between branches will; their phone has to forget the branch."""
        if self.guest is None:
            return
        database = _database(self.url)
        async with transaction(database) as session:
            await session.execute(
                update(Standing)
                .where(Standing.member_id == self.guest.member_id, Standing.kind == StandingKind.temporary_guest)
                .values(ends_on=session.today() - timedelta(days=1))
            )
            scopes = (self.branches[0].id, self.branches[1].id, self.guest.member_id)
            session.changes += [Change(scope, "member", self.guest.member_id, version=1) for scope in scopes]
        await database.close()

    async def restored(self) -> None:
        """Let phones start anew, as after an older state of the database was restored (README)."""
        database = _database(self.url)
        async with transaction(database) as session:
            await session.execute(text("INSERT INTO sync_epochs DEFAULT VALUES"))
        await database.close()


def _database(url: str) -> PooledDatabase:
    return PooledDatabase(url, clock=system_clock, pool_size=1, statement_timeout_ms=30_000)


async def settle_village(url: str, *, phones: int) -> Village:
    """Fill a migrated database; everybody has the same password."""
    database = _database(url)
    async with transaction(database) as session:
        make = Maker(session)
        province = await make.organisation("Đảng bộ tỉnh Ninh Bình", OrganisationKind.province)
        commune = await make.organisation("Đảng bộ xã Yên Mô", OrganisationKind.commune, under=province)
        branches = []
        for number, size in enumerate(_sizes(phones), start=1):
            branch = await make.organisation(f"Chi bộ thôn {number}", OrganisationKind.branch, under=commune)
            posts = (PostKind.secretary, PostKind.minute_taker)
            people = [
                await make.person(
                    f"Nguyễn Văn {number}-{place}",
                    branch.id,
                    posts=((posts[place], branch.id),) if place < len(posts) else (),
                )
                for place in range(size)
            ]
            branches.append(Branch(branch.id, tuple(people)))
        guest = None
        if len(branches) > 1:
            guest = branches[0].people[-1]
            session.add(
                Standing(
                    id=uuid4(),
                    member_id=guest.member_id,
                    organisation_id=branches[1].id,
                    kind=StandingKind.temporary_guest,
                    starts_on=session.today() - timedelta(days=30),
                )
            )
        await session.execute(delete(Device))  # pushes are proven elsewhere
        cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
        await session.execute(update(Account).values(password_hash=cheap))
        await tell_of_world(session)
    await database.close()
    return Village(url, tuple(branches), guest)


def _sizes(phones: int) -> list[int]:
    count = max(1, round(phones / BRANCH_SIZE), 2 * (phones >= 2 * SMALLEST_BRANCH))
    return [phones // count + (place < phones % count) for place in range(count)]
