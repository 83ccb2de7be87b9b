"""Two communes before they are merged, made for the purpose or found in a made-up province, and what is read of them.

Of each address a plain model says what its answer comes down to before the merge, and what after it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from httpx import Response
from sqlalchemy import insert, text

from app.announcements.models import Announcement, AnnouncementDocument, AnnouncementStatus
from app.kernel.db import PooledDatabase, Session, transaction
from app.kernel.notices import AudiencePart
from app.kernel.security import PostKind
from app.organisations.models import OrganisationKind
from tests.factories.changes import tell_of_world
from tests.factories.documents import put_document
from tests.factories.world import Maker, Person

Seen = tuple[int, frozenset[str]]
"""The status of an answer, and what it names."""
NOTHING: Seen = (404, frozenset())


@dataclass(frozen=True, slots=True)
class Address:
    """Something to read: what the answer comes down to, and what that is before the merge and after it."""

    path: str
    of: Callable[[Any], frozenset[str]]  # Any: JSON
    before: Seen
    after: Seen

    def saw(self, answer: Response) -> Seen:
        return answer.status_code, self.of(answer.json()) if answer.status_code == 200 else frozenset()


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody, and the addresses they read."""

    person: Person
    addresses: tuple[Address, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Two communes of one province, `ending` and `lasting`, and everybody in it who reads."""

    ending: UUID
    lasting: UUID
    administrator: Person
    readers: tuple[Reader, ...]
    branches: int


@dataclass(frozen=True, slots=True)
class Commune:
    """A commune, the branches below it with their paths from the root, and published minutes of some of them."""

    id: UUID
    branches: Mapping[UUID, tuple[UUID, ...]]
    minutes: Mapping[UUID, UUID]

    def below(self, branch: UUID) -> UUID:
        """The organisation directly below the commune that the branch is, or belongs to."""
        path = self.branches[branch]
        return path[path.index(self.id) + 1]

    @property
    def children(self) -> frozenset[UUID]:
        return frozenset(map(self.below, self.branches))


def _ids(page: Any) -> frozenset[str]:
    return frozenset(item["id"] for item in page["items"])


def _only(watched: list[UUID]) -> Callable[[Any], frozenset[str]]:
    """Those of a list that the scene brought in: there may be others, which neither come nor go."""
    known = frozenset(map(str, watched))
    return lambda page: _ids(page) & known


def _own_id(resource: Any) -> frozenset[str]:
    return frozenset({resource["id"]})


def _parent(organisation: Any) -> frozenset[str]:
    return frozenset({organisation["parent_id"]})


def _held(page: Any) -> frozenset[str]:
    kinds = {"organisation", "announcement"}
    return frozenset(item["id"] for item in page["items"] if item["type"] in kinds and item["op"] == "upsert")


def _nobody(_: Any) -> frozenset[str]:
    return frozenset()


def _found(*ids: UUID) -> Seen:
    return 200, frozenset(map(str, ids))


async def make_scene(database: PooledDatabase, *, branches: int, readers: int) -> Scene:
    """Make `branches` branches, half of them below each commune, and readers in them, two of them officers above."""
    async with transaction(database) as session:
        make = Maker(session)
        province = await make.organisation("Đảng bộ tỉnh Ninh Bình", OrganisationKind.province)
        communes = []
        for side, name in enumerate(("Yên Mô", "Yên Thắng")):
            commune = await make.organisation(f"Đảng bộ xã {name}", OrganisationKind.commune, under=province)
            below = [
                await make.organisation(f"Chi bộ {number}", OrganisationKind.branch, under=commune)
                for number in range(side, branches, 2)
            ]
            communes.append(Commune(commune.id, {branch.id: tuple(branch.path) for branch in below}, {}))
        scene = await _people(session, province.id, communes, readers=readers, is_small=True)
        await tell_of_world(session)
    return scene


_PAIR = text("""
SELECT id, parent_id FROM organisations WHERE kind = 'commune' AND valid_until IS NULL ORDER BY random() LIMIT 2
""")
_BRANCHES = text("""
SELECT id, path FROM organisations WHERE path @> ARRAY[CAST(:commune AS uuid)] AND kind = 'branch'
    AND valid_until IS NULL
""")
_MINUTES = text("""
SELECT DISTINCT ON (meetings.organisation_id) meetings.organisation_id, meetings.id
FROM minutes JOIN meetings ON meetings.id = minutes.meeting_id
WHERE meetings.organisation_id = ANY(:branches) AND minutes.status = 'published' AND meetings.kind = 'regular'
ORDER BY meetings.organisation_id, meetings.starts_at
""")


async def find_scene(database: PooledDatabase, *, readers: int) -> Scene:
    """Choose two communes of a made-up province, and let readers join their branches."""
    async with transaction(database) as session:
        pair = (await session.execute(_PAIR)).all()
        communes = []
        for commune in pair:
            branches = {row.id: tuple(row.path) for row in await session.execute(_BRANCHES, {"commune": commune.id})}
            papers = (await session.execute(_MINUTES, {"branches": list(branches)})).all()
            communes.append(Commune(commune.id, branches, {row.organisation_id: row.id for row in papers}))
        return await _people(session, pair[0].parent_id, communes, readers=readers, is_small=False)


async def _people(session: Session, province: UUID, communes: list[Commune], *, readers: int, is_small: bool) -> Scene:
    """Let readers, officers and an administrator come; each commune says something and has a paper in its library.

    What the one that ends has only drafted, with its paper, becomes the other's. `is_small` says that nothing else is
    there, so that a phone's first page holds all.
    """
    # The made-up province has numbers of its own.
    make, below = Maker(session, numbers="+8497"), [list(commune.branches) for commune in communes]
    people = [await make.person(f"Đảng viên {n}", below[n % 2][n // 2 % len(below[n % 2])]) for n in range(readers)]
    posts = [((PostKind.committee_officer, commune.id),) for commune in communes]
    officers = [await make.person("Cán bộ", below[side][0], posts=posts[side]) for side in (0, 1)]
    administrator = await make.person("Quản trị", below[1][0], posts=((PostKind.administrator, province),))
    said = [await _announce(session, commune.id, administrator, AnnouncementStatus.published) for commune in communes]
    papers = [await put_document(session, commune.id, administrator) for commune in communes]
    draft = await _announce(session, communes[0].id, administrator, AnnouncementStatus.draft)
    await session.execute(
        insert(AnnouncementDocument), {"announcement_id": draft, "document_id": papers[0], "position": 1}
    )
    ending, lasting = communes

    def reads(person: Person, side: int) -> tuple[Address, ...]:
        own, commune = person.organisation_id, communes[side]
        child, is_ending = commune.below(own), side == 0
        path = f"/v1/organisations/{commune.id}/children?limit=100"
        read = [
            Address(f"/v1/organisations/{child}", _parent, _found(commune.id), _found(lasting.id)),
            Address(
                "/v1/me/announcements?limit=100",
                _only(said),
                _found(said[side]),
                _found(*said) if is_ending else _found(said[1]),
            ),
            Address(path, _only([child]), _found(child), _found() if is_ending else _found(child)),
            Address("/v1/documents?limit=100", _only(papers), _found(papers[side]), _found(*papers)),
            Address(
                f"/v1/documents/{papers[0]}",
                _own_id,
                _found(papers[0]) if is_ending else NOTHING,
                _found(papers[0]),
            ),
        ]
        if is_small:
            line = (province, ending.id, lasting.id, own) if is_ending else (province, lasting.id, own)
            read.append(Address("/v1/changes?limit=200", _held, _found(province, commune.id, own), _found(*line)))
        if own in commune.minutes:
            meeting = commune.minutes[own]
            read.append(Address(f"/v1/meetings/{meeting}", _own_id, _found(meeting), _found(meeting)))
            read.append(Address(f"/v1/meetings/{meeting}/minutes", _nobody, _found(), _found()))
        return tuple(read)

    def oversees(side: int) -> tuple[Address, ...]:
        """What the officer of a commune reads: a branch of their own commune and one of the other, and both lists."""
        mine, other = below[side][-1], below[1 - side][-1]
        lists = f"/v1/organisations/{communes[side].id}/children?limit=100"
        if side == 0:
            return (
                Address(f"/v1/organisations/{mine}/meetings", _nobody, _found(), NOTHING),
                Address(lists, _ids, _found(*ending.children), _found()),
            )
        return (
            Address(f"/v1/organisations/{mine}/meetings", _nobody, _found(), _found()),
            Address(f"/v1/organisations/{other}/meetings", _nobody, NOTHING, _found()),
            Address(lists, _ids, _found(*lasting.children), _found(*ending.children, *lasting.children)),
        )

    return Scene(
        ending=ending.id,
        lasting=lasting.id,
        administrator=administrator,
        readers=(
            *(Reader(person, reads(person, number % 2)) for number, person in enumerate(people)),
            *(Reader(officer, oversees(side)) for side, officer in enumerate(officers)),
        ),
        branches=sum(map(len, below)),
    )


async def _announce(session: Session, commune: UUID, by: Person, status: AnnouncementStatus) -> UUID:
    announcement, is_published = uuid4(), status is AnnouncementStatus.published
    await session.execute(
        insert(Announcement),
        {
            "id": announcement,
            "organisation_id": commune,
            "title": "Thông báo",
            "body": "Nội dung",
            "status": status,
            "audience_part": AudiencePart.everyone,
            "audience_post_kinds": [],
            "needs_acknowledgement": False,
            "published_at": session.now() if is_published else None,
            "version": 1,
            "created_by": by.member_id,
            "created_at": session.now(),
        },
    )
    return announcement
