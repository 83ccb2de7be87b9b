"""Bodies of imports."""

from collections import Counter
from typing import Self

from pydantic import Field

from app.kernel.i18n import Locale
from app.kernel.schemas import Int32, Response
from app.members.imports.verdicts import Roster, RowStatus, Severity


class RosterFindingView(Response):
    """Something about one row, or one cell of it."""

    column: str | None = Field(description="Its heading; null for the row", examples=["Số thẻ đảng"])
    code: str = Field(description="Stable, snake_case", examples=["card_number_taken"])
    severity: Severity = Field(description="An error stops the import, a warning does not", examples=["error"])
    detail: str = Field(description="In the reader's language", examples=["Số thẻ đảng này đã có trong hệ thống."])


class RosterRowView(Response):
    """What was found about one row; its verdict is the worst finding."""

    row_number: Int32 = Field(description="As Excel shows it at the left, from 1", examples=[5])
    full_name: str = Field(description="Empty where none was found", examples=["Lê Văn Cường"])
    verdict: RowStatus = Field(examples=["error"])
    findings: list[RosterFindingView]


class SkippedRowView(Response):
    """A row that lists nobody: a total, a group's title, a signature. Look through them, so that nobody is lost."""

    row_number: Int32 = Field(examples=[31])
    detail: str = Field(
        description="In the reader's language", examples=["Bỏ qua dòng không phải đảng viên: Tổng số: 26"]
    )


class RosterImportView(Response):
    """A roster row by row."""

    committed: bool = Field(description="Whether its members are on record now", examples=[False])
    rows: list[RosterRowView] = Field(description="In the file's order")
    skipped: list[SkippedRowView]
    ok_count: Int32 = Field(examples=[24])
    warning_count: Int32 = Field(examples=[1])
    error_count: Int32 = Field(examples=[1])
    created_count: Int32 = Field(description="Members made; 0 unless committed", examples=[0])
    ignored_columns: list[str] = Field(description="Headings that mean nothing here", examples=[["Quê quán"]])

    @classmethod
    def of(cls, roster: Roster, *, created_count: int, locale: Locale) -> Self:
        """Make the view in one language."""
        counts = Counter(verdict.status for verdict in roster.verdicts)
        return cls(
            committed=created_count > 0,
            rows=[
                RosterRowView(
                    row_number=verdict.row_number,
                    full_name=verdict.full_name,
                    verdict=verdict.status,
                    findings=[
                        RosterFindingView(
                            column=finding.column,
                            code=finding.code,
                            severity=finding.severity,
                            detail=finding.text.to(locale),
                        )
                        for finding in verdict.findings
                    ],
                )
                for verdict in roster.verdicts
            ],
            skipped=[
                SkippedRowView(row_number=finding.row_number, detail=finding.text.to(locale))
                for finding in roster.skipped
            ],
            ok_count=counts[RowStatus.ok],
            warning_count=counts[RowStatus.warning],
            error_count=counts[RowStatus.error],
            created_count=created_count,
            ignored_columns=list(roster.ignored_columns),
        )
