"""One commune with two branches, another commune, and everybody an access rule speaks of."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID, uuid4

from app.identity.models import Account, Device, LoginSession
from app.kernel.db import Session
from app.kernel.i18n import Locale
from app.kernel.push import Platform
from app.kernel.security import PostKind
from app.members.models import AwayPeriod, Member, Post, Standing, StandingKind
from app.members.names import search_key, sort_key
from app.organisations.models import Organisation, OrganisationKind, OrganisationPeriod

HANOI = "Asia/Ho_Chi_Minh"
BERLIN = "Europe/Berlin"
PASSWORD_HASH = "not a hash: tests that sign in set their own"
FOUNDED = date(2025, 7, 1)


@dataclass(frozen=True, slots=True)
class Person:
    """A member with, where they have a phone, an account, a session and a device."""

    member_id: UUID
    organisation_id: UUID
    full_name: str
    phone: str | None
    account_id: UUID = field(default_factory=uuid4)
    session_id: UUID = field(default_factory=uuid4)
    installation_id: UUID = field(default_factory=uuid4)
    push_token: str = field(default_factory=lambda: f"token-{uuid4().hex}")


@dataclass(frozen=True, slots=True)
class World:
    """The cast. `branch_a` is the branch tests are about."""

    province: UUID
    commune: UUID
    other_commune: UUID
    branch_a: UUID
    branch_b: UUID
    far_branch: UUID
    office: UUID
    secretary: Person
    minute_taker: Person
    member: Person
    away: Person
    probationary: Person
    phoneless: Person
    former: Person
    sister_secretary: Person
    sister_member: Person
    officer: Person
    stranger: Person
    administrator: Person
    auditor: Person

    @property
    def branch_members(self) -> tuple[Person, ...]:
        """Everybody who is convened in branch A."""
        return (self.secretary, self.minute_taker, self.member, self.away, self.probationary, self.phoneless)


class Maker:
    """Adds organisations and people to a session; what it makes is flushed at once."""

    def __init__(self, session: Session, *, numbers: str = "+8490") -> None:
        """Telephone numbers begin with `numbers`, which nobody else's do."""
        self.session = session
        self._numbers = numbers
        self._count = 0

    async def organisation(
        self, name: str, kind: OrganisationKind, *, under: Organisation | None = None, time_zone: str = HANOI
    ) -> Organisation:
        identifier = uuid4()
        made = Organisation(
            id=identifier,
            parent_id=under.id if under else None,
            path=[*(under.path if under else ()), identifier],
            kind=kind,
            name=name,
            time_zone=time_zone,
            valid_from=FOUNDED,
            version=1,
            created_at=self.session.now(),
        )
        self.session.add(made)
        await self.session.flush()
        self.session.add(
            OrganisationPeriod(organisation_id=identifier, valid_from=FOUNDED, parent_id=made.parent_id, name=name)
        )
        await self.session.flush()
        return made

    async def person(
        self,
        full_name: str,
        organisation_id: UUID,
        *,
        standing: StandingKind = StandingKind.official,
        has_phone: bool = True,
        posts: tuple[tuple[PostKind, UUID], ...] = (),
        device_zone: str = HANOI,
        platform: Platform = Platform.android,
        locale: Locale = Locale.vi,
    ) -> Person:
        session, now = self.session, self.session.now()
        self._count += 1
        person = Person(
            member_id=uuid4(),
            organisation_id=organisation_id,
            full_name=full_name,
            phone=f"{self._numbers}{uuid4().int % 10**7:07d}" if has_phone else None,
        )
        session.add(
            Member(
                id=person.member_id,
                organisation_id=organisation_id,
                full_name=full_name,
                sort_key=sort_key(full_name),
                search_key=search_key(full_name),
                born_on=date(1970, 1, 1),
                phone=person.phone,
                admitted_on=date(2000, 5, 19),
                official_on=None if standing is StandingKind.probationary else date(2001, 5, 19),
                version=1,
                created_at=now,
            )
        )
        await session.flush()
        session.add(
            Standing(
                id=uuid4(),
                member_id=person.member_id,
                organisation_id=organisation_id,
                kind=standing,
                starts_on=date(2001, 5, 19),
            )
        )
        for kind, where in posts:
            session.add(
                Post(
                    id=session.new_id(),
                    member_id=person.member_id,
                    organisation_id=where,
                    kind=kind,
                    starts_on=FOUNDED,
                )
            )
        if has_phone:
            assert person.phone is not None
            session.add(
                Account(
                    id=person.account_id,
                    member_id=person.member_id,
                    password_hash=PASSWORD_HASH,
                    created_at=now,
                )
            )
            await session.flush()
            session.add(
                LoginSession(
                    id=person.session_id,
                    account_id=person.account_id,
                    installation_id=person.installation_id,
                    platform=platform,
                    device_name=f"Máy của {full_name}",
                    last_used_at=now,
                    expires_at=now + timedelta(days=180),
                    created_at=now,
                )
            )
            session.add(
                Device(
                    id=session.new_id(),
                    installation_id=person.installation_id,
                    account_id=person.account_id,
                    platform=platform,
                    push_token=person.push_token,
                    locale=locale,
                    time_zone=device_zone,
                    app_version="1.0.0",
                    device_name=f"Máy của {full_name}",
                    updated_at=now,
                    created_at=now,
                )
            )
        await session.flush()
        return person

    async def away(self, person: Person, *, place: str = "Berlin, CHLB Đức", time_zone: str = BERLIN) -> None:
        self.session.add(
            AwayPeriod(
                id=uuid4(),
                member_id=person.member_id,
                starts_on=date(2026, 3, 1),
                place=place,
                time_zone=time_zone,
                version=1,
                created_at=self.session.now(),
            )
        )
        await self.session.flush()


async def make_world(session: Session) -> World:
    """Make everybody; the caller commits."""
    make = Maker(session)
    province = await make.organisation("Đảng bộ tỉnh Ninh Bình", OrganisationKind.province)
    commune = await make.organisation("Đảng bộ xã Yên Mô", OrganisationKind.commune, under=province)
    other_commune = await make.organisation("Đảng bộ xã Yên Thắng", OrganisationKind.commune, under=province)
    branch_a = await make.organisation("Chi bộ thôn Đông", OrganisationKind.branch, under=commune)
    branch_b = await make.organisation("Chi bộ thôn Đoài", OrganisationKind.branch, under=commune)
    office = await make.organisation("Chi bộ Văn phòng Đảng ủy", OrganisationKind.branch, under=commune)
    far_branch = await make.organisation("Chi bộ thôn Hạ", OrganisationKind.branch, under=other_commune)
    away = await make.person("Phạm Thị Dung", branch_a.id, device_zone=BERLIN, platform=Platform.ios)
    await make.away(away)
    return World(
        province=province.id,
        commune=commune.id,
        other_commune=other_commune.id,
        branch_a=branch_a.id,
        branch_b=branch_b.id,
        far_branch=far_branch.id,
        office=office.id,
        secretary=await make.person("Nguyễn Văn An", branch_a.id, posts=((PostKind.secretary, branch_a.id),)),
        minute_taker=await make.person("Trần Thị Bình", branch_a.id, posts=((PostKind.minute_taker, branch_a.id),)),
        member=await make.person("Lê Văn Cường", branch_a.id),
        away=away,
        probationary=await make.person("Hoàng Thị Én", branch_a.id, standing=StandingKind.probationary),
        phoneless=await make.person("Đỗ Văn Phúc", branch_a.id, has_phone=False),
        former=await make.person("Vũ Văn Giang", branch_a.id, standing=StandingKind.transferred),
        sister_secretary=await make.person("Bùi Văn Hải", branch_b.id, posts=((PostKind.secretary, branch_b.id),)),
        sister_member=await make.person("Đinh Thị Kim", branch_b.id),
        officer=await make.person("Ngô Văn Lâm", office.id, posts=((PostKind.committee_officer, commune.id),)),
        stranger=await make.person("Dương Thị Mai", far_branch.id),
        administrator=await make.person("Lý Văn Nam", office.id, posts=((PostKind.administrator, province.id),)),
        auditor=await make.person("Phan Thị Oanh", office.id, posts=((PostKind.auditor, province.id),)),
    )
