"""Reads of reorganisations: the facts that a plan meets, what it would do, and the plans of an organisation."""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Select, Uuid, exists, func, literal, or_, select, tuple_
from sqlalchemy.dialects.postgresql import ARRAY, array

from app.announcements.succession.queries import count_unpublished
from app.kernel.context import meet, reach
from app.kernel.db import Session
from app.kernel.i18n import Locale
from app.kernel.pagination import PageRequest
from app.kernel.security import Actor, NotForYourPost, PostKind
from app.meetings.models import MeetingStatus
from app.meetings.succession.queries import UNFINISHED, drafted_or_called, in_status
from app.members.models import Member, Post
from app.members.moves.queries import in_two_branches, movers
from app.members.queries import holds_on
from app.organisations.models import Organisation, OrganisationKind
from app.organisations.queries import find_code_above, get_visible_organisation
from app.polls.succession.queries import open_polls
from app.reorganisations import access
from app.reorganisations.errors import ReorganisationNotFound
from app.reorganisations.judging import Facts, Node, judge
from app.reorganisations.models import Reorganisation, ReorganisationKind, ReorganisationStatus
from app.reorganisations.plans import (
    Affected,
    CalledMeeting,
    EndingPost,
    Fate,
    MeetingFate,
    MeetingsGo,
    Plan,
    Preview,
)
from app.reorganisations.schemas import ReorganisationPage, ReorganisationView
from app.resolutions.succession.queries import count_undecided

SHOWN = 200
"""Posts, meetings and organisations without a secretary are named up to so many."""

_NODE = (
    Organisation.id,
    Organisation.name,
    Organisation.kind,
    Organisation.parent_id,
    Organisation.path,
    Organisation.code,
    Organisation.valid_from,
    Organisation.valid_until.is_(None).label("lasts"),
)


async def preview(session: Session, plan: Plan, on: date) -> Preview:
    """Judge a plan by the organisations as they are, and return what it does on a day."""
    # Who administers a part of it, and may know of the plan, is told what it comes to as a whole.
    concerned = Organisation.path.bool_op("&&")(literal(sorted(plan.named_ids), ARRAY(Uuid)))
    await reach(session, *await session.scalars(select(Organisation.id).where(concerned)))
    facts = await _facts(session, plan, on)
    findings = judge(plan, facts)
    ending = plan.ending_ids
    is_split = plan.kind is ReorganisationKind.division
    leaving = [member for part in plan.parts for member in part.member_ids]
    posts = _posts_in(ending, on) if ending else _posts_in([plan.organisation_id], on, held_by=leaving)
    meetings = (await session.execute(drafted_or_called(ending))).all() if ending else []
    fate = MeetingFate.cancelled if _cancels(plan) else MeetingFate.moved
    merged = plan.kind is ReorganisationKind.merger
    members = len(leaving) if is_split else sum(facts.members.values()) if merged else 0
    changed = Organisation.path.bool_op("&&")(literal(_changed(plan, facts), ARRAY(Uuid)))
    below = (await session.scalars(select(Organisation.id).where(changed))).all()
    return Preview(
        findings=findings,
        organisations=tuple(_affected(plan, facts)),
        members_moving=members,
        members_below=await session.scalar(select(func.count()).select_from(movers(below, on).subquery())) or 0,
        posts=tuple(
            EndingPost(
                id=row.id,
                kind=row.kind,
                member_id=row.member_id,
                full_name=row.full_name,
                organisation_id=row.organisation_id,
            )
            for row in await session.execute(posts.limit(SHOWN))
        ),
        meetings=tuple(
            CalledMeeting(
                id=meeting.id, organisation_id=meeting.organisation_id, starts_at=meeting.starts_at, fate=fate
            )
            for meeting, _ in meetings
            if meeting.status is not MeetingStatus.draft
        )[:SHOWN],
        meeting_drafts=sum(meeting.status is MeetingStatus.draft for meeting, _ in meetings),
        resolutions=await session.scalar(count_undecided(ending)) or 0,
        announcements=await session.scalar(count_unpublished(ending)) or 0,
    )


def _cancels(plan: Plan) -> bool:
    return plan.meetings is MeetingsGo.cancel or plan.kind is ReorganisationKind.dissolution


def _changed(plan: Plan, facts: Facts) -> list[UUID]:
    """Return the organisations below which everybody has another line above them afterwards."""
    children = {child for part in plan.parts for child in part.child_ids}
    if plan.kind is ReorganisationKind.merger:
        children |= {child.id for child in facts.children}
    elif plan.kind is ReorganisationKind.move:
        children |= {plan.organisation_id}
    return sorted(children)


def _affected(plan: Plan, facts: Facts) -> Sequence[Affected]:
    nodes = facts.nodes

    def one(node: Node, fate: Fate, to: UUID | None = None) -> Affected:
        return Affected(id=node.id, name=node.name, fate=fate, to_id=to)

    founded = [Affected(id=part.id, name=part.name, fate=Fate.founded, to_id=None) for part in plan.parts]
    if plan.kind is ReorganisationKind.merger:
        return [
            *(one(nodes[ended], Fate.ends, plan.successor_id) for ended in plan.ending_ids),
            *founded,
            *([one(nodes[plan.into_id], Fate.receives)] if plan.into_id else []),
            *(one(child, Fate.moves, plan.successor_id) for child in facts.children),
        ]
    if plan.kind is ReorganisationKind.division:
        moved = [one(nodes[child], Fate.moves, part.id) for part in plan.parts for child in part.child_ids]
        return [*founded, *moved]
    own = nodes[plan.organisation_id]
    fates = {
        ReorganisationKind.move: (Fate.moves, plan.parent_id),
        ReorganisationKind.dissolution: (Fate.ends, None),
        ReorganisationKind.renaming: (Fate.renamed, None),
    }
    return [one(own, *fates[plan.kind])]


async def _facts(session: Session, plan: Plan, on: date) -> Facts:
    nodes = {node.id: node for node in await _nodes(session, Organisation.id.in_(plan.named_ids))}
    ending = plan.ending_ids
    named = [member for part in plan.parts for member in part.member_ids]
    homes = await session.execute(
        select(Member.id, Member.organisation_id).where(
            Member.id.in_(named), Member.id.in_(movers([plan.organisation_id], on))
        )
    )
    moving = movers(ending, on) if ending else select(Member.id).where(Member.id.in_(named))
    counted = await session.execute(
        select(Member.organisation_id, func.count())
        .where(Member.id.in_(movers(ending, on)))
        .group_by(Member.organisation_id)
    )
    doubled = select(func.count()).select_from(in_two_branches(moving, on).subquery())
    codes = [part.code for part in plan.parts if part.code is not None]
    taken = select(Organisation.code).where(Organisation.code.in_(codes))
    above = await _codes_above(session, plan, nodes)
    return Facts(
        on=on,
        nodes=nodes,
        children=tuple(await _nodes(session, Organisation.parent_id.in_(ending), Organisation.valid_until.is_(None))),
        codes_above=above,
        codes_taken=frozenset(code for code in await session.scalars(taken) if code is not None),
        homes={row.id: row.organisation_id for row in homes},
        members={row[0]: row[1] for row in counted},
        doubled=await session.scalar(doubled) or 0,
        open_polls=Counter(await session.scalars(open_polls(ending))),
        in_session=Counter(await session.scalars(in_status(ending, [MeetingStatus.in_session]))),
        unfinished=Counter(await session.scalars(in_status(ending, UNFINISHED))),
        without_secretary=await _without_secretary(session, plan, on, leaving=named),
        posts_outside=await _count_posts_outside(session, plan, nodes, on),
    )


async def _nodes(session: Session, *which: Any) -> list[Node]:
    # Any: conditions of SQLAlchemy's several kinds.
    rows = await session.execute(select(*_NODE).where(*which).order_by(Organisation.id))
    return [Node(**{**row._asdict(), "path": tuple(row.path)}) for row in rows]


async def _codes_above(session: Session, plan: Plan, nodes: dict[UUID, Node]) -> dict[UUID, str | None]:
    above = {plan.organisation_id: await find_code_above(session, nodes[plan.organisation_id].path[:-1])}
    if plan.parent_id is not None:
        above[plan.parent_id] = await find_code_above(session, nodes[plan.parent_id].path)
    return above


async def _without_secretary(session: Session, plan: Plan, on: date, *, leaving: Collection[UUID]) -> tuple[UUID, ...]:
    """Return what would have no secretary: what receives or is split, and each branch that moves; and what is new."""
    lasting: dict[ReorganisationKind, list[UUID]] = {
        ReorganisationKind.merger: [plan.into_id] if plan.into_id else [],
        ReorganisationKind.division: [plan.organisation_id],
    }
    led = exists().where(
        Post.organisation_id == Organisation.id,
        Post.kind == PostKind.secretary,
        Post.member_id.not_in(leaving),
        holds_on(Post.starts_on, Post.ends_on, on),
    )
    wanted = select(Organisation.id).where(~led, Organisation.valid_until.is_(None))
    if plan.kind is ReorganisationKind.move:
        moved = Organisation.path.contains(array([literal(plan.organisation_id, Uuid)]))
        wanted = wanted.where(moved, Organisation.kind == OrganisationKind.branch)
    else:
        wanted = wanted.where(Organisation.id.in_(lasting.get(plan.kind, [])))
    found = await session.scalars(wanted.order_by(Organisation.id).limit(SHOWN))
    return (*found, *(part.id for part in plan.parts))


async def _count_posts_outside(session: Session, plan: Plan, nodes: dict[UUID, Node], on: date) -> int:
    """Count the posts, in what organisations leave behind above them, that people at or below these hold."""
    # What is founded stands beside the first one named.
    above = nodes[plan.organisation_id].path[:-1]
    below = plan.parent_id or plan.into_id
    if below is not None:
        above = nodes[below].path
    left: dict[frozenset[UUID], list[UUID]] = defaultdict(list)
    for one in (plan.organisation_id, *plan.with_ids, *(child for part in plan.parts for child in part.child_ids)):
        left[frozenset(nodes[one].path[:-1]).difference(above)].append(one)
    outside = [
        Post.organisation_id.in_(behind) & Organisation.path.bool_op("&&")(literal(leaving, ARRAY(Uuid)))
        for behind, leaving in left.items()
        if behind
    ]
    if not outside:
        return 0
    query = (
        select(func.count())
        .select_from(Post)
        .join(Member, Member.id == Post.member_id)
        .join(Organisation, Organisation.id == Member.organisation_id)
        .where(or_(*outside), or_(Post.ends_on.is_(None), Post.ends_on >= on))
    )
    return await session.scalar(query) or 0


def _posts_in(
    organisation_ids: Collection[UUID], on: date, *, held_by: Collection[UUID] | None = None
) -> Select[UUID, PostKind, UUID, UUID, str]:
    query = (
        select(Post.id, Post.kind, Post.member_id, Post.organisation_id, Member.full_name)
        .join(Member, Member.id == Post.member_id)
        .where(Post.organisation_id.in_(organisation_ids), or_(Post.ends_on.is_(None), Post.ends_on >= on))
        .order_by(Member.sort_key, Post.id)
    )
    if held_by is not None:
        query = query.where(Post.member_id.in_(held_by))
    return query


async def get_visible_reorganisation(
    session: Session, actor: Actor, reorganisation_id: UUID, *, for_update: bool = False
) -> Reorganisation:
    """Return a plan of an organisation that the actor administers; raises ReorganisationNotFound."""
    query = (
        select(Reorganisation, Organisation.path)
        .join(Organisation, Organisation.id == Reorganisation.organisation_id)
        .where(Reorganisation.id == reorganisation_id)
    )
    if for_update:
        query = query.with_for_update(of=Reorganisation)
    row = (await session.execute(query)).one_or_none()
    if row is None:
        raise ReorganisationNotFound
    found, path = row
    access.require_visible(actor, path)
    return found


async def get_reorganisation(
    session: Session, actor: Actor, reorganisation_id: UUID, *, locale: Locale
) -> ReorganisationView:
    """Return a plan with what it would do now, or, once settled, what it did. Raises ReorganisationNotFound."""
    found = await get_visible_reorganisation(session, actor, reorganisation_id)
    return await view_reorganisation(session, found, locale=locale)


async def view_reorganisation(session: Session, found: Reorganisation, *, locale: Locale) -> ReorganisationView:
    """Return a plan that the caller is known to see."""
    return ReorganisationView.of(found, await _shown(session, found), locale=locale)


async def _shown(session: Session, found: Reorganisation) -> Preview:
    if found.preview is None or found.status is ReorganisationStatus.planned:
        return await preview(session, Plan.model_validate(found.plan), found.effective_on)
    return await _with_names(session, Preview.model_validate(found.preview))


async def _with_names(session: Session, kept: Preview) -> Preview:
    ids = {post.member_id for post in kept.posts}
    # A post that ended on the day it began has left nothing that leads to its holder.
    await meet(session, ids)
    holders = select(Member.id, Member.full_name).where(Member.id.in_(ids))
    names = {row.id: row.full_name for row in await session.execute(holders)}
    posts = tuple(post.model_copy(update={"full_name": names[post.member_id]}) for post in kept.posts)
    return kept.model_copy(update={"posts": posts})


async def list_reorganisations(
    session: Session, actor: Actor, organisation_id: UUID, *, paging: PageRequest, locale: Locale
) -> ReorganisationPage:
    """List the plans that name an organisation, the newest first; raises OrganisationNotFound, NotForYourPost.

    Of a plan that is for an organisation of others, only what it says of those below the actor's post is named.
    """
    organisation = await get_visible_organisation(session, actor, organisation_id)
    if not access.plans_for(actor, organisation.path):
        raise NotForYourPost
    query = (
        select(Reorganisation, Organisation.path)
        .join(Organisation, Organisation.id == Reorganisation.organisation_id)
        .where(Reorganisation.involved.contains(array([literal(organisation_id, Uuid)])))
    )
    after = paging.after_instant()
    if after is not None:
        query = query.where(tuple_(Reorganisation.planned_at, Reorganisation.id) < tuple_(*after))
    newest = (Reorganisation.planned_at.desc(), Reorganisation.id.desc())
    rows = (await session.execute(query.order_by(*newest).limit(paging.limit + 1))).all()
    views: dict[UUID, ReorganisationView] = {}
    for plan, path in rows[: paging.limit]:
        shown = await _shown(session, plan)
        known = shown if access.plans_for(actor, path) else await _as_known_to(session, actor, shown)
        views[plan.id] = ReorganisationView.of(plan, known, locale=locale)
    return paging.page(
        rows,
        into=ReorganisationPage,
        view=lambda row: views[row.Reorganisation.id],
        key=lambda row: (row.Reorganisation.planned_at.isoformat(), row.Reorganisation.id),
    )


async def _as_known_to(session: Session, actor: Actor, shown: Preview) -> Preview:
    """Return of a plan for others what it says by name of the organisations that the actor administers."""
    named = {one.id for one in shown.organisations} | {post.organisation_id for post in shown.posts}
    paths = select(Organisation.id, Organisation.path).where(Organisation.id.in_(named))
    own = {row.id for row in await session.execute(paths) if access.plans_for(actor, row.path)}
    return shown.model_copy(
        update={
            "findings": tuple(finding for finding in shown.findings if finding.organisation_id in own),
            "organisations": tuple(one for one in shown.organisations if one.id in own),
            "posts": tuple(post for post in shown.posts if post.organisation_id in own),
            "meetings": tuple(meeting for meeting in shown.meetings if meeting.organisation_id in own),
        }
    )
