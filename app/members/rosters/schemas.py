"""Bodies of corrected rosters."""

from collections import Counter
from collections.abc import Sequence
from typing import Self
from uuid import UUID

from pydantic import Field

from app.kernel.i18n import Locale
from app.kernel.schemas import Int32, Response
from app.members.imports.schemas import RosterFindingView
from app.members.rosters.columns import HEADINGS, written
from app.members.rosters.judging import CorrectionVerdict, JudgedRow, digest_of


class FieldCorrection(Response):
    """What becomes of one field, in the words of the spreadsheet; citizen ids and telephone numbers are masked."""

    column: str = Field(description="Its heading", examples=["Ngày sinh"])
    before: str | None = Field(description="Null where nothing stood", examples=["03/02/1960"])
    after: str = Field(examples=["02/03/1960"])


class CorrectedRowView(Response):
    """What becomes of one row."""

    row_number: Int32 = Field(description="As Excel shows it at the left, from 1", examples=[5])
    member_id: UUID | None = Field(description="Null where the key names nobody on the list")
    full_name: str = Field(description="As on record; empty where the key names nobody", examples=["Lê Văn Cường"])
    verdict: CorrectionVerdict = Field(examples=["changed"])
    corrections: list[FieldCorrection]
    findings: list[RosterFindingView] = Field(description="What stops it")


class RosterCorrectionView(Response):
    """A corrected roster row by row."""

    committed: bool = Field(description="Whether the records are as the rows say now", examples=[False])
    digest: str = Field(
        description="Names all that would be changed: sent with `commit`, nothing else is",
        examples=["5994471abb01112afcc18159f6cc74b4f511b99806da59b3caf5a9c173cacfc5"],
    )
    rows: list[CorrectedRowView] = Field(description="In the file's order")
    unchanged_count: Int32 = Field(examples=[22])
    changed_count: Int32 = Field(examples=[3])
    error_count: Int32 = Field(examples=[1])

    @classmethod
    def of(cls, judged: Sequence[JudgedRow], *, committed: bool, locale: Locale) -> Self:
        """Make the view in one language; made before anything is written, it says what was."""
        counts = Counter(one.verdict for one in judged)
        return cls(
            committed=committed,
            digest=digest_of(judged),
            rows=[_row(one, locale) for one in judged],
            unchanged_count=counts[CorrectionVerdict.unchanged],
            changed_count=counts[CorrectionVerdict.changed],
            error_count=counts[CorrectionVerdict.error],
        )


def _row(one: JudgedRow, locale: Locale) -> CorrectedRowView:
    member = None if one.listed is None else one.listed.member
    return CorrectedRowView(
        row_number=one.number,
        member_id=None if member is None else member.id,
        full_name="" if member is None else member.full_name,
        verdict=one.verdict,
        corrections=[
            FieldCorrection(
                column=HEADINGS[column],
                before=written(column, getattr(member, column)),
                after=written(column, wanted) or "",
            )
            for column, wanted in one.wanted.items()
        ],
        findings=[
            RosterFindingView(
                column=finding.column,
                code=finding.code,
                severity=finding.severity,
                detail=finding.text.to(locale),
            )
            for finding in one.findings
        ],
    )
