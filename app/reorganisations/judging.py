"""What stands against a reorganisation, judged by the organisations as they are; no database needed."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from app.kernel.i18n import Text
from app.organisations.codes import stands_below
from app.organisations.models import OrganisationKind
from app.reorganisations.models import ReorganisationKind
from app.reorganisations.plans import Finding, Plan, Severity

_TEXTS = {
    "organisation_ended": Text(vi="Tổ chức đã kết thúc", en="The organisation has ended"),
    "organisation_not_begun": Text(vi="Đến ngày đó tổ chức chưa hoạt động", en="It has not begun by that day"),
    "organisation_repeated": Text(vi="Một tổ chức được nêu hai lần", en="An organisation is named twice"),
    "into_own_descendant": Text(
        vi="Không thể đưa tổ chức vào chính nó hoặc vào tổ chức bên dưới nó",
        en="It cannot go into itself, nor into what stands below it",
    ),
    "kinds_differ": Text(vi="Các tổ chức không cùng loại", en="The organisations are not of one kind"),
    "root_fixed": Text(vi="Tổ chức gốc không thể sắp xếp", en="The root cannot be reorganised"),
    "poll_open": Text(vi="Đang có cuộc biểu quyết chưa khép lại", en="A poll is still open"),
    "meeting_in_session": Text(vi="Đang có cuộc họp diễn ra", en="A meeting is in session"),
    "minutes_unfinished": Text(
        vi="Có biên bản chưa công bố: thư ký, bí thư của tổ chức kế thừa hoàn thành dưới tên cũ",
        en="Minutes are not published: the successor's organisers finish them under the old name",
    ),
    "member_in_two_branches": Text(
        vi="Có đảng viên thuộc hai chi bộ", en="A member would be, or is, in two branches at once"
    ),
    "member_elsewhere": Text(
        vi="Có người không phải đảng viên của chi bộ này", en="Somebody named is not a member of this branch"
    ),
    "child_elsewhere": Text(
        vi="Có tổ chức không trực thuộc tổ chức này", en="A named one does not stand directly below"
    ),
    "part_empty": Text(vi="Có phần không có ai, không có tổ chức nào", en="A part would get nobody and nothing"),
    "parts_of_other_kind": Text(
        vi="Chi bộ chia theo đảng viên, tổ chức cấp trên chia theo tổ chức trực thuộc",
        en="A branch is split by its members, any other by what stands directly below it",
    ),
    "nothing_changes": Text(vi="Không có gì thay đổi", en="Nothing would change"),
    "has_children": Text(vi="Bên dưới còn tổ chức trực thuộc", en="Organisations still stand below it"),
    "has_members": Text(vi="Còn đảng viên sinh hoạt", en="It still has members"),
    "organisation_code_outside_parent": Text(
        vi="Mã mới không nối tiếp mã của cấp trên", en="The new code does not go on from the one above"
    ),
    "organisation_code_taken": Text(vi="Mã tổ chức này đã được dùng", en="This official code is in use"),
    "secretary_missing": Text(vi="Sẽ không có bí thư", en="It will have no secretary"),
    "codes_to_renew": Text(vi="Cần cấp lại mã tổ chức", en="Its official code does not fit any more"),
    "posts_outside": Text(
        vi="Có chức vụ ở tổ chức không còn là cấp trên của người giữ",
        en="Posts are held in organisations that will not be above their holders any more",
    ),
}
_WARNINGS = frozenset({"minutes_unfinished", "secretary_missing", "codes_to_renew", "posts_outside"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """An organisation as far as the judging needs it; `lasts` says that it has no last day."""

    id: UUID
    name: str
    kind: OrganisationKind
    parent_id: UUID | None
    path: tuple[UUID, ...]
    code: str | None
    valid_from: date
    lasts: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The state that a plan meets on its day."""

    on: date
    nodes: Mapping[UUID, Node]
    """The organisations that the plan names."""
    children: tuple[Node, ...] = ()
    """What stands directly below those that end or are split."""
    codes_above: Mapping[UUID, str | None] = field(default_factory=dict)
    """For what gets something below it: the code that all codes there go on from."""
    codes_taken: frozenset[str] = frozenset()
    homes: Mapping[UUID, UUID] = field(default_factory=dict)
    """Members that a split names, by their branch; whoever is no member on the day is missing."""
    members: Mapping[UUID, int] = field(default_factory=dict)
    """How many have their home in those that end."""
    doubled: int = 0
    """How many of the members who would move are also members elsewhere."""
    open_polls: Counter[UUID] = field(default_factory=Counter)
    in_session: Counter[UUID] = field(default_factory=Counter)
    unfinished: Counter[UUID] = field(default_factory=Counter)
    without_secretary: tuple[UUID, ...] = ()
    posts_outside: int = 0


def judge(plan: Plan, facts: Facts) -> tuple[Finding, ...]:
    """Return what was found, errors first; without an error the plan can be carried out."""
    rules = {
        ReorganisationKind.merger: _merge,
        ReorganisationKind.division: _split,
        ReorganisationKind.move: _move,
        ReorganisationKind.dissolution: _dissolve,
        ReorganisationKind.renaming: _rename,
    }
    found = [*_common(plan, facts), *rules[plan.kind](plan, facts)]
    return tuple(sorted(dict.fromkeys(found), key=lambda finding: finding.severity is not Severity.error))


def _common(plan: Plan, facts: Facts) -> Iterator[Finding]:
    for node in facts.nodes.values():
        if not node.lasts:
            yield finding_of("organisation_ended", node.id)
        elif node.valid_from > facts.on:
            yield finding_of("organisation_not_begun", node.id)
    for ended in plan.ending_ids:
        yield from _ending(facts.nodes[ended], facts)
    if facts.doubled:
        yield finding_of("member_in_two_branches", plan.organisation_id)
    yield from _codes(plan, facts)
    for lacking in facts.without_secretary:
        yield finding_of("secretary_missing", lacking)
    if facts.posts_outside:
        yield finding_of("posts_outside", plan.organisation_id)


def _ending(node: Node, facts: Facts) -> Iterator[Finding]:
    if node.parent_id is None:
        yield finding_of("root_fixed", node.id)
    if node.lasts and node.valid_from == facts.on:  # it would end on the eve of its first day
        yield finding_of("organisation_not_begun", node.id)
    if facts.open_polls[node.id]:
        yield finding_of("poll_open", node.id)
    if facts.in_session[node.id]:
        yield finding_of("meeting_in_session", node.id)
    if facts.unfinished[node.id]:
        yield finding_of("minutes_unfinished", node.id)


def _codes(plan: Plan, facts: Facts) -> Iterator[Finding]:
    """Judge the codes of what is to be founded, which stands where the first one named stands."""
    above = facts.codes_above.get(plan.organisation_id)
    codes = [part.code for part in plan.parts if part.code is not None]
    if above is not None and not all(stands_below(code, above) for code in codes):
        yield finding_of("organisation_code_outside_parent", plan.organisation_id)
    if len(set(codes)) < len(codes) or not facts.codes_taken.isdisjoint(codes):
        yield finding_of("organisation_code_taken", plan.organisation_id)


def _merge(plan: Plan, facts: Facts) -> Iterator[Finding]:
    together = [*plan.ending_ids, *([plan.into_id] if plan.into_id else [])]
    if len(set(together)) < len(together):
        yield finding_of("organisation_repeated", plan.organisation_id)
    for ended in plan.ending_ids:
        for other in together:
            if ended in facts.nodes[other].path[:-1]:
                yield finding_of("into_own_descendant", other)
    if len({facts.nodes[one].kind for one in together}) > 1:
        yield finding_of("kinds_differ", plan.organisation_id)
    above = facts.nodes[plan.into_id].code if plan.into_id else plan.parts[0].code
    yield from _outdated(facts.children, above)


def _split(plan: Plan, facts: Facts) -> Iterator[Finding]:
    node = facts.nodes[plan.organisation_id]
    if node.parent_id is None:
        yield finding_of("root_fixed", node.id)
    is_branch = node.kind is OrganisationKind.branch
    children = Counter(child for part in plan.parts for child in part.child_ids)
    members = Counter(member for part in plan.parts for member in part.member_ids)
    if children if is_branch else members:
        yield finding_of("parts_of_other_kind", node.id)
    if any(not (part.member_ids if is_branch else part.child_ids) for part in plan.parts):
        yield finding_of("part_empty", node.id)
    if children and max(children.values()) > 1:
        yield finding_of("organisation_repeated", node.id)
    if members and max(members.values()) > 1:
        yield finding_of("member_in_two_branches", node.id)
    if any(facts.nodes[child].parent_id != node.id for child in children):
        yield finding_of("child_elsewhere", node.id)
    if any(facts.homes.get(member) != node.id for member in members):
        yield finding_of("member_elsewhere", node.id)
    for part in plan.parts:
        yield from _outdated([facts.nodes[child] for child in part.child_ids], part.code)


def _move(plan: Plan, facts: Facts) -> Iterator[Finding]:
    node = facts.nodes[plan.organisation_id]
    assert plan.parent_id is not None
    parent = facts.nodes[plan.parent_id]
    if node.parent_id is None:
        yield finding_of("root_fixed", node.id)
    if node.id in parent.path:
        yield finding_of("into_own_descendant", parent.id)
    if node.parent_id == parent.id:
        yield finding_of("nothing_changes", node.id)
    if parent.kind is OrganisationKind.branch and node.kind is not OrganisationKind.group:
        yield finding_of("kinds_differ", parent.id)
    yield from _outdated([node], facts.codes_above.get(parent.id))


def _dissolve(plan: Plan, facts: Facts) -> Iterator[Finding]:
    if facts.children:
        yield finding_of("has_children", plan.organisation_id)
    if facts.members.get(plan.organisation_id):
        yield finding_of("has_members", plan.organisation_id)


def _rename(plan: Plan, facts: Facts) -> Iterator[Finding]:
    if facts.nodes[plan.organisation_id].name == plan.name:
        yield finding_of("nothing_changes", plan.organisation_id)


def _outdated(nodes: Collection[Node], above: str | None) -> Iterator[Finding]:
    for node in nodes:
        if above is not None and node.code is not None and not stands_below(node.code, above):
            yield finding_of("codes_to_renew", node.id)


def finding_of(code: str, organisation_id: UUID | None, text: Text | None = None) -> Finding:
    """Return a finding in its words, or in those of a refusal by this code."""
    words = text or _TEXTS[code]
    severity = Severity.warning if code in _WARNINGS else Severity.error
    return Finding(severity=severity, code=code, organisation_id=organisation_id, vi=words.vi, en=words.en)
