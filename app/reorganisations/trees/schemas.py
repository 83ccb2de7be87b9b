"""Bodies of trees that are taken in."""

from typing import Self

from pydantic import Field

from app.kernel.i18n import Locale
from app.kernel.schemas import Int32, Response
from app.reorganisations.trees.planting import Tree


class TreeFindingView(Response):
    """What stands against a row."""

    code: str = Field(description="Stable, snake_case", examples=["parent_unknown"])
    detail: str = Field(description="In the reader's language", examples=["Không có cấp trên mã 37003000000000"])


class TreeRowView(Response):
    """A row with an error."""

    row_number: Int32 = Field(description="As Excel shows it at the left, from 1; in JSON its place", examples=[5])
    name: str = Field(examples=["Đảng bộ xã Yên Mô"])
    findings: list[TreeFindingView]


class TreeImportView(Response):
    """What was found about a file of organisations; rows that are fine are only counted."""

    committed: bool = Field(description="Whether they are founded now", examples=[False])
    row_count: Int32 = Field(examples=[3355])
    ok_count: Int32 = Field(examples=[3354])
    error_count: Int32 = Field(examples=[1])
    created_count: Int32 = Field(description="0 unless committed", examples=[0])
    rows: list[TreeRowView] = Field(description="Those with errors, in the file's order, up to 500")

    @classmethod
    def of(cls, tree: Tree, *, created_count: int, locale: Locale) -> Self:
        """Make the view in one language."""
        wrong = [verdict for verdict in tree.verdicts if verdict.findings]
        return cls(
            committed=created_count > 0,
            row_count=len(tree.verdicts),
            ok_count=len(tree.verdicts) - len(wrong),
            error_count=len(wrong),
            created_count=created_count,
            rows=[
                TreeRowView(
                    row_number=verdict.row.number,
                    name=verdict.row.name[:200],
                    findings=[
                        TreeFindingView(code=finding.code, detail=finding.text.to(locale))
                        for finding in verdict.findings
                    ],
                )
                for verdict in wrong[:500]
            ],
        )
