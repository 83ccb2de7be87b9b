"""Reads of imports: which rows of a roster name somebody who is on record already; and the template."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, literal, or_, select, tuple_

from app.kernel.context import hold
from app.kernel.db import Session
from app.kernel.i18n import Text
from app.kernel.security import Actor, PostKind
from app.members.imports.headings import HEADINGS, Column
from app.members.imports.template import roster_template
from app.members.imports.verdicts import Finding, Roster, RosterRow, RowStatus, Severity, status_of
from app.members.models import Member
from app.members.names import search_key, sort_key
from app.members.queries import is_dropped
from app.organisations.models import Organisation

_TAKEN = {
    Column.card_number: Text(
        vi="Số thẻ đảng này đã có trong hệ thống.", en="This party card number is on record already."
    ),
    Column.citizen_id: Text(vi="Số căn cước này đã có trong hệ thống.", en="This citizen id is on record already."),
    Column.phone: Text(vi="Số điện thoại này đã có trong hệ thống.", en="This phone number is on record already."),
}
_IN_BRANCH = Text(vi="Đã có trong danh sách chi bộ.", en="On the branch's roll already.")
_NAMESAKE = Text(
    vi="Chi bộ đã có người trùng họ tên; hãy kiểm tra có phải cùng một người.",
    en="The branch has somebody of this name already; check that it is not the same person.",
)


_ALIKE = Text(
    vi="{branch} đã có người cùng họ tên (không kể dấu) và ngày sinh; hãy kiểm tra có phải cùng một người.",
    en="{branch} has somebody of this name, but for accents, and birth date; check that it is not the same person.",
)
_HAS_LEFT = Text(
    vi="{branch} có hồ sơ của người đã thôi sinh hoạt cùng họ tên (không kể dấu) và ngày sinh; đồng chí trở lại thì cứ "
    "nhập mới, hồ sơ cũ giữ làm lịch sử.",
    en="{branch} has the record of somebody who left, of this name, but for accents, and birth date; who comes back is "
    "entered anew, and the old record stays as history.",
)
_SAME_BUT_ZEROS = Text(
    vi="{branch} đã có người mang số thẻ này, chỉ khác các số 0 ở đầu.",
    en="{branch} has somebody with this card number but for zeros in front.",
)
_CARD_DIGITS = 8


async def get_template() -> bytes:
    """Return the roster to fill in, as .xlsx; made in a thread."""
    return await asyncio.to_thread(roster_template)


async def compare_with_members(session: Session, actor: Actor | None, branch_id: UUID, roster: Roster) -> Roster:
    """Return the roster with what the members on record say about its rows; whose a taken number is, is not told.

    Who may be on record already, under a number that lost its zeros or a name without accents, is looked for in the
    branch and in all that the actor administers; without an actor, everywhere. Who has left keeps nobody from their
    numbers, and is found by the name alone; a candidate who was dropped is not found at all.
    """
    known = await _load_known(session, branch_id, roster.rows)
    known.alike = await _load_alike(session, actor, branch_id, roster.rows)
    found = {row.row_number: tuple(known.judge(row)) for row in roster.rows}
    verdicts = tuple(
        replace(verdict, findings=findings, status=status_of(findings))
        for verdict in roster.verdicts
        for findings in [verdict.findings + found.get(verdict.row_number, ())]
    )
    refused = {verdict.row_number for verdict in verdicts if verdict.status is RowStatus.error}
    rows = tuple(row for row in roster.rows if row.row_number not in refused)
    return replace(roster, rows=rows, verdicts=verdicts)


Alike = Mapping[tuple[str, object], tuple[UUID, str, bool]]
"""A folded name and a birth date, or a card number without the zeros in front and None → who, their branch, whether
they have left."""


@dataclass(slots=True)
class _Known:
    """Members on record who share something with the roster."""

    branch_id: UUID
    by_number: dict[tuple[Column, str], Member]
    by_name: dict[str, list[Member]]
    alike: Alike = field(default_factory=dict)

    def judge(self, row: RosterRow) -> Iterator[Finding]:
        """Say what they mean for one row."""
        same = self._same_person(row)
        if same is not None:
            column, _ = same
            yield _finding(row, column, Severity.error, "already_in_branch", _IN_BRANCH)
        elif sort_key(row.full_name) in self.by_name:
            yield _finding(row, Column.full_name, Severity.warning, "same_name_in_branch", _NAMESAKE)
        for column, text in _TAKEN.items():
            holder = self.by_number.get((column, getattr(row, column) or ""))
            if holder is not None and (same is None or holder is not same[1]):
                yield _finding(row, column, Severity.error, f"{column}_taken", text)
        yield from self._duplicates(row, found={same[1].id} if same is not None else set())

    def _duplicates(self, row: RosterRow, *, found: set[UUID]) -> Iterator[Finding]:
        looks = (
            (Column.full_name, (search_key(row.full_name), row.born_on), "same_person_perhaps", _ALIKE),
            (Column.card_number, ((row.card_number or "").lstrip("0"), None), "card_number_alike", _SAME_BUT_ZEROS),
        )
        for column, key, code, text in looks:
            member_id, branch, has_left = self.alike.get(key, (None, "", False))
            exact = self.by_number.get((column, getattr(row, column) or ""))
            if member_id is not None and member_id not in found and (exact is None or exact.id != member_id):
                found.add(member_id)
                said = (_HAS_LEFT if has_left else text).format(branch=branch)
                yield _finding(row, column, Severity.warning, code, said)

    def _same_person(self, row: RosterRow) -> tuple[Column, Member] | None:
        by_card = self.by_number.get((Column.card_number, row.card_number or ""))
        if by_card is not None and by_card.organisation_id == self.branch_id:
            return Column.card_number, by_card
        for namesake in self.by_name.get(sort_key(row.full_name), ()):
            if row.born_on is not None and namesake.born_on == row.born_on:
                return Column.full_name, namesake
        return None


async def _load_known(session: Session, branch_id: UUID, rows: Sequence[RosterRow]) -> _Known:
    names = {sort_key(row.full_name) for row in rows}
    # Judged of the branch's own alone, whose standings are all there to read.
    on_its_roll = (Member.organisation_id == branch_id) & ~is_dropped(session.today())
    await hold(session, *(number for row in rows for number in (row.card_number, row.citizen_id, row.phone)))
    members = (
        await session.scalars(
            select(Member).where(
                or_(
                    Member.card_number.in_(_given(row.card_number for row in rows)),
                    Member.citizen_id.in_(_given(row.citizen_id for row in rows)),
                    Member.phone.in_(_given(row.phone for row in rows)),
                    Member.sort_key.in_(names) & on_its_roll,
                ),
                ~Member.has_left,
            )
        )
    ).all()
    known = _Known(branch_id=branch_id, by_number={}, by_name={})
    for member in members:
        for column in _TAKEN:
            if value := getattr(member, column):
                known.by_number[column, value] = member
        if member.organisation_id == branch_id and member.sort_key in names:
            known.by_name.setdefault(member.sort_key, []).append(member)
    return known


async def _load_alike(session: Session, actor: Actor | None, branch_id: UUID, rows: Sequence[RosterRow]) -> Alike:
    """Return who is on record under nearly the same name or number, where the actor may know of them.

    Of several rather who is there than who has left.
    """
    people = {(search_key(row.full_name), row.born_on) for row in rows if row.born_on is not None}
    bare = {row.card_number.lstrip("0") for row in rows if row.card_number}
    numbers = {one.zfill(length) for one in bare if one for length in range(len(one), _CARD_DIGITS + 1)}
    query = (
        select(Member.id, Member.search_key, Member.born_on, Member.card_number, Member.has_left, Organisation.name)
        .join(Organisation, Organisation.id == Member.organisation_id)
        .where(
            or_(
                tuple_(Member.search_key, Member.born_on).in_(people),
                Member.card_number.in_(numbers) & ~Member.has_left,
            ),
            ~is_dropped(session.today()),
        )
        .order_by(Member.has_left.desc(), Member.id)
    )
    if actor is not None:
        held = [post.organisation_id for post in actor.posts if post.kind is PostKind.administrator]
        below = Organisation.path.bool_op("&&")(literal(held, ARRAY(Uuid)))
        query = query.where(or_(Organisation.id == branch_id, below))
    found: dict[tuple[str, object], tuple[UUID, str, bool]] = {}
    for row in await session.execute(query):
        if row.born_on is not None:
            found[row.search_key, row.born_on] = (row.id, row.name, row.has_left)
        if row.card_number is not None and not row.has_left:
            found[row.card_number.lstrip("0"), None] = (row.id, row.name, False)
    return found


def _given(values: Iterable[str | None]) -> set[str]:
    return {value for value in values if value is not None}


def _finding(row: RosterRow, column: Column, severity: Severity, code: str, text: Text) -> Finding:
    return Finding(row_number=row.row_number, column=HEADINGS[column][0], severity=severity, code=code, text=text)
