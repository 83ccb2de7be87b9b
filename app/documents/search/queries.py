"""Reads of the list: the newest first, or those found, tier by tier; visibility stands in each query."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby, islice
from operator import itemgetter
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Uuid,
    and_,
    case,
    cast,
    column,
    func,
    literal,
    or_,
    select,
    table,
    text,
    tuple_,
    union,
    union_all,
)
from sqlalchemy.dialects.postgresql import TSQUERY, array
from sqlalchemy.orm import aliased

from app.documents.models import Document, DocumentBookmark, Visibility
from app.documents.queries import select_views, shares, view_row, visible_to
from app.documents.schemas import DocumentPage
from app.documents.words import joined, quoted
from app.kernel.db import Session
from app.kernel.pagination import CursorInvalid, PageRequest
from app.kernel.security import Actor
from app.organisations.models import Organisation
from app.organisations.queries import get_visible_organisation

MOST_ALIKE = 10
"""Words of titles that one mistyped word may stand for."""
FEW_PLACES = 100
"""Organisations up to which the index is asked for their documents alone."""
NEWEST = 400
"""Documents looked at one by one before the index is asked for all that match."""

_NEAR_WORDS = text("""
SELECT ARRAY(
    SELECT word FROM title_words_in_sight WHERE word % asked.word OR word LIKE asked.word || '%'
    ORDER BY similarity(word, asked.word) DESC, word LIMIT :most
)
FROM unnest(string_to_array(document_fold(:words), ' ')) WITH ORDINALITY AS asked(word, place)
WHERE asked.word <> '' ORDER BY asked.place
""")
InSight = aliased(
    Document,
    table(
        "documents_in_sight",
        *(
            column(name, Document.__table__.columns[name].type)
            for name in (
                "id",
                "organisation_id",
                "uploaded_by",
                "visibility",
                "folder",
                "title_exact",
                "title_folded",
                "body_exact",
                "body_folded",
                "uploaded_at",
            )
        ),
    ),
    adapt_on_names=True,
)
"""The documents through a view that lets the index find words before row-level security is asked, and then asks it."""
_SEEN = (InSight.id, InSight.uploaded_at, InSight.organisation_id, InSight.visibility, InSight.uploaded_by)
"""What a document is put in order by, and who may read it is judged by."""
_TIERS = frozenset("01234")


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentFilter:
    """What a list of documents is narrowed down to; None is no wish."""

    organisation_id: UUID | None = None
    folder: str | None = None
    bookmarked: bool | None = None


async def list_documents(
    session: Session, actor: Actor, *, q: str | None, wanted: DocumentFilter, paging: PageRequest
) -> DocumentPage:
    """List the documents the caller may read: the newest first, or with `q` those found, the best first.

    Raises OrganisationNotFound, and CursorInvalid for a cursor of another list.
    """
    if wanted.organisation_id is not None:
        await get_visible_organisation(session, actor, wanted.organisation_id)
    if q is not None:
        return await _search(session, actor, q, wanted=wanted, paging=paging)
    query = select_views(actor).where(visible_to(actor, session), *_narrowed(actor, wanted))
    after = paging.after_instant()
    if after is not None:
        query = query.where(_older(Document, *after))
    rows = (await session.execute(query.order_by(*_newest_first(Document)).limit(paging.limit + 1))).all()
    return paging.page(
        rows,
        into=DocumentPage,
        view=view_row,
        key=lambda row: (row.Document.uploaded_at.isoformat(), row.Document.id),
    )


def _newest_first(of: type[Document]) -> tuple[ColumnElement[Any], ...]:
    # Not by id (Any: columns of several types): a phone may give any, which says nothing of the time.
    return of.uploaded_at.desc(), of.id.desc()


def _older(of: type[Document], uploaded_at: datetime, identifier: UUID) -> ColumnElement[bool]:
    return tuple_(of.uploaded_at, of.id) < tuple_(literal(uploaded_at), literal(identifier))


def _narrowed(actor: Actor, wanted: DocumentFilter, *, of: type[Document] = Document) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.organisation_id is not None:
        conditions.append(of.organisation_id == wanted.organisation_id)
    if wanted.folder is not None:
        conditions.append(of.folder == wanted.folder)
    if wanted.bookmarked is not None:
        own = select(DocumentBookmark.document_id).where(DocumentBookmark.member_id == actor.member_id)
        conditions.append(of.id.in_(own) if wanted.bookmarked else of.id.not_in(own))
    return conditions


def _tiers(words: str, *, of: type[Document]) -> list[ColumnElement[bool]]:
    """Return how a document may match, the best way first: as written before without accents, title before text.

    The text's words hold the title's as well, so a search may mix the two.
    """
    exact, folded = func.document_query(words), func.document_query(func.document_fold(words))
    return [
        of.title_exact.bool_op("@@")(exact),
        of.body_exact.bool_op("@@")(exact),
        of.title_folded.bool_op("@@")(folded),
        of.body_folded.bool_op("@@")(folded),
    ]


async def _alike(session: Session, words: str) -> str:
    """Return a tsquery of the titles' words that begin with, or resemble, each of the words asked for.

    Looked for among the distinct words of all titles, which are few: trigrams of the titles themselves are shared by
    most of them, and each would have to be looked at.
    """
    found = await session.scalars(_NEAR_WORDS, {"words": words, "most": MOST_ALIKE})
    every = [" | ".join(quoted(word) for word in some) for some in found]
    return " & ".join(f"({some})" for some in every) if all(every) else ""


async def _search(
    session: Session, actor: Actor, q: str, *, wanted: DocumentFilter, paging: PageRequest
) -> DocumentPage:
    """Return a page of what is found: tier after tier, in each the newest first; a document is in its best tier only.

    The cursor is a tier, an instant and an id, so a page deep in the list finds its place by them and every hit is
    reached.
    """
    after = _place(paging)
    words = joined(q)
    found: list[tuple[int, UUID]] = []
    if words:
        # The planner takes a long text for as cheap to look at as a short one, and would rather look at every one.
        await session.execute(text("SET LOCAL enable_seqscan = off"))
        search = _Search(session, actor, wanted, words, paging.limit + 1, after)
        found = await search.run()
        await session.execute(text("SET LOCAL enable_seqscan = on"))
    tiers = {identifier: tier for tier, identifier in found}
    rows = (await session.execute(select_views(actor).where(Document.id.in_(tiers)))).all()
    by_id = {row.Document.id: row for row in rows}
    return paging.page(
        [by_id[identifier] for identifier in tiers],
        into=DocumentPage,
        view=view_row,
        key=lambda row: (f"{tiers[row.Document.id]} {row.Document.uploaded_at.isoformat()}", row.Document.id),
    )


@dataclass(frozen=True, slots=True)
class _Search:
    """One search: what is looked for, by whom, how many, and the tier, instant and id of the last one seen."""

    session: Session
    actor: Actor
    wanted: DocumentFilter
    words: str
    limit: int
    after: tuple[int, datetime, UUID] | None

    async def run(self) -> list[tuple[int, UUID]]:
        """Return tiers and ids in their order."""
        tiers = _tiers(self.words, of=InSight)
        places = await _places(self.session, self.actor, self.wanted)
        newest = await self._among_newest() if places is None else []
        common = next((some for some in newest if len(some) == self.limit), [])
        if common and self.after is not None:
            return common
        last = common[0][0] if common else len(tiers)
        likely = newest[0][0][0] + 1 if newest else last
        found: list[tuple[int, UUID]] = []
        for step in sorted({min(likely, last), last} - {0}):
            found = await self._all(tiers[:step], places)
            if len(found) == self.limit:
                return found
        if common:
            return [*found, *common][: self.limit]
        # Last come titles with words that look alike: begun or mistyped.
        alike = cast(await _alike(self.session, self.words), TSQUERY)
        return await self._all([*tiers, InSight.title_folded.bool_op("@@")(alike)], places)

    async def _among_newest(self) -> list[list[tuple[int, UUID]]]:
        """Return what of the newest documents matches, tier by tier, of each no more than a page's worth.

        What most documents hold is found so without asking the index for all of them; and where a tier holds some,
        it will fill the page.
        """
        vectors = (InSight.title_exact, InSight.title_folded, InSight.body_exact, InSight.body_folded)
        newest = select(*_SEEN, InSight.folder, *vectors).order_by(*_newest_first(InSight)).limit(NEWEST)
        if self.after is not None:
            newest = newest.where(_older(InSight, *self.after[1:]))
        document = aliased(Document, newest.subquery("newest"), adapt_on_names=True)
        tiers = _tiers(self.words, of=document)
        tier = case(*((match, tier) for tier, match in enumerate(tiers)))
        query = select(tier, document.id).where(
            or_(*tiers[2:]),  # what matches as written matches without accents too, and of most this must be asked only
            visible_to(self.actor, self.session, of=document),
            *_narrowed(self.actor, self.wanted, of=document),
        )
        query = query.where(tier.is_not(None) if self.after is None else tier == self.after[0])
        rows = await self.session.execute(query.order_by(tier, *_newest_first(document)))
        return [list(islice(some, self.limit)) for _, some in groupby(rows, key=itemgetter(0))]

    async def _all(self, tiers: Sequence[ColumnElement[bool]], places: list[UUID] | None) -> list[tuple[int, UUID]]:
        """Return the page's worth of what matches in any of the tiers."""
        inside = [] if places is None else [array([InSight.organisation_id]).overlap(literal(places, ARRAY(Uuid)))]
        # Materialized: a walk of the GIN index for each, then the rest on what they found.
        hits = (
            union_all(
                *(
                    select(*_SEEN, InSight.folder, literal(tier).label("tier")).where(match, *inside)
                    for tier, match in enumerate(tiers)
                )
            )
            .cte("hits")
            .prefix_with("MATERIALIZED")
        )
        hit, best = aliased(Document, hits, adapt_on_names=True), func.min(hits.c.tier)
        query = (
            select(best, hit.id)
            .where(visible_to(self.actor, self.session, of=hit), *_narrowed(self.actor, self.wanted, of=hit))
            .group_by(hit.uploaded_at, hit.id)
        )
        if self.after is not None:
            tier = self.after[0]
            query = query.having(or_(best > tier, and_(best == tier, _older(hit, *self.after[1:]))))
        rows = await self.session.execute(query.order_by(best, *_newest_first(hit)).limit(self.limit))
        return list(rows)


async def _places(session: Session, actor: Actor, wanted: DocumentFilter) -> list[UUID] | None:
    """Return the organisations whose documents the actor may read at most; None where they are more than a few."""
    if wanted.organisation_id is not None:
        return [wanted.organisation_id]
    own = select(Document.organisation_id).where(
        Document.uploaded_by == actor.member_id, Document.visibility == Visibility.owner
    )
    shared = select(Organisation.id).where(shares(actor, session, Organisation.id))
    places = (await session.scalars(union(shared, own).limit(FEW_PLACES + 1))).all()
    return list(places) if len(places) <= FEW_PLACES else None


def _place(paging: PageRequest) -> tuple[int, datetime, UUID] | None:
    if paging.after is None:
        return None
    tier, _, instant = paging.after[0].partition(" ")
    after = replace(paging, after=(instant, paging.after[1])).after_instant()
    if tier not in _TIERS or after is None:
        raise CursorInvalid
    return int(tier), *after
