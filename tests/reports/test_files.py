"""Reports as files: every figure of the JSON is in them, and no name of an organisation is ever a formula."""

import io
import zipfile
from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Any

import pypdfium2
import pytest
from httpx import AsyncClient, Response
from python_calamine import CalamineWorkbook
from sqlalchemy import update

from app.organisations.models import Organisation
from app.reports.percentages import written
from app.reports.schemas import ReportKind
from tests.conftest import RolledBackDatabase
from tests.factories.meetings import Json, SignedIn
from tests.factories.reports import give_traits, make_standing, use_app
from tests.factories.world import World

FORMULA = '=HYPERLINK("http://x")<b>'


LINES, MONTHS = "Tổ chức", "Tháng"
FIRST_LINE = 4
PERIODS = {ReportKind.adoption: {"from": "2025-09-20", "to": "2025-11-15"}}
"""Two months, of which the second one's visits are no longer all there; the others are asked for their usual period."""


async def furnish(world: World, signed_in: SignedIn, database: RolledBackDatabase) -> None:
    """Let people be admitted, use the app, and be planned for: a year, the term and new organisations."""
    async with database.session() as session:
        await make_standing(session, world.branch_a, 11, on=date(2025, 2, 3))
        await make_standing(session, world.branch_b, 1234, on=date(2026, 5, 19))
        await give_traits(
            session,
            world.branch_b,
            masters=37,
            college=214,
            upper=1101,
            youth=823,
            women=617,
            minority=151,
            farmers=409,
            enterprise=298,
        )
        await use_app(
            session, world.branch_b, day=date(2025, 10, 30), installed=700, active=613, active_days=4, renewals=5
        )
        await session.commit()
    officer = signed_in(world.officer)
    address = f"/v1/organisations/{world.commune}"
    for target, plan in (
        ("admission-targets/2026", {"plan": 1180}),
        ("term-targets/2025", {"to_year": 2029, "plan": 5600}),
        ("founding-targets/2026", {"plan": 7}),
    ):
        answer = await officer.put(f"{address}/{target}", json=plan)
        assert answer.status_code == 200, answer.text


async def report_and_file(officer: AsyncClient, world: World, kind: ReportKind, form: str) -> tuple[Json, Response]:
    """A report of the commune as JSON, and the answer with it as a file."""
    address, period = f"/v1/organisations/{world.commune}", PERIODS.get(kind)
    report = await officer.get(f"{address}/reports/{kind}", params=period)
    answer = await officer.get(f"{address}/report-{form}/{kind}", params=period)
    assert (report.status_code, answer.status_code) == (200, 200), answer.text
    return report.json(), answer


def numbers(value: Any) -> Iterator[int | float]:
    """Every number of some JSON (Any), however deep."""
    if isinstance(value, dict):
        for member in value.values():
            yield from numbers(member)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield value


def lines_of(report: Json) -> list[Json]:
    return [report["total"], *report["rows"]]


def said_of(report: Json) -> Iterator[str]:
    """What a report says of itself beside its lines: days and years, and by which rules; as papers write it."""
    for name, value in report.items():
        if name.endswith("_on"):
            yield f"{date.fromisoformat(value):%d/%m/%Y}"
        elif isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)):
            yield str(value)
    if report.get("visits_are_complete") is False:
        yield "lượt truy cập có thể còn thiếu"


@pytest.mark.parametrize("kind", list(ReportKind))
async def test_spreadsheet_has_every_figure_of_the_report(
    kind: ReportKind, world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    await furnish(world, signed_in, database)
    report, answer = await report_and_file(signed_in(world.officer), world, kind, "spreadsheets")
    assert answer.headers["content-disposition"] == f'attachment; filename="bao-cao-{kind}.xlsx"'
    workbook = CalamineWorkbook.from_filelike(io.BytesIO(answer.content))
    sheets = [workbook.get_sheet_by_name(name).to_python() for name in workbook.sheet_names]
    of_lines = [rows for rows in sheets if rows[FIRST_LINE - 1][0] == LINES]
    for rows in of_lines:
        assert [row[0] for row in rows[FIRST_LINE:]] == ["Tổng số", *(row["name"] for row in report["rows"])]
    for place, line in enumerate(lines_of(report), start=FIRST_LINE):
        printed = Counter(cell for rows in of_lines for cell in rows[place] if isinstance(cell, float))
        assert Counter(map(float, numbers(line))) - printed == Counter(), (line["name"], line, printed)
    printed_months = [row for rows in sheets if rows[FIRST_LINE - 1][0] == MONTHS for row in rows[FIRST_LINE + 1 :]]
    assert printed_months == [
        [f"{date.fromisoformat(month['month']):%m/%Y}", month["active_count"], month["visit_count"]]
        for month in report.get("months", ())
    ]
    words = "\n".join([*workbook.sheet_names, *(str(row[0]) for row in sheets[0][: FIRST_LINE - 1])])
    assert [text for text in said_of(report) if text not in words] == []


@pytest.mark.parametrize("kind", list(ReportKind))
async def test_paper_has_every_figure_of_the_report(
    kind: ReportKind, world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    await furnish(world, signed_in, database)
    report, answer = await report_and_file(signed_in(world.officer), world, kind, "papers")
    text = "\n".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(answer.content))
    figures = [number for line in [*lines_of(report), *report.get("months", ())] for number in numbers(line)]
    expected = Counter(written(one) if isinstance(one, float) else f"{one:,}".replace(",", ".") for one in figures)
    assert expected - Counter(text.split()) == Counter(), text
    assert [words for words in said_of(report) if words not in " ".join(text.split())] == []


async def test_figures_stand_below_their_headings(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    await furnish(world, signed_in, database)
    address = f"/v1/organisations/{world.commune}"
    officer = signed_in(world.officer)
    total = (await officer.get(f"{address}/reports/admissions")).json()["total"]
    made = total["composition"]
    content = (await officer.get(f"{address}/report-spreadsheets/admissions")).content
    workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
    for sheet, figures in {
        "Nhiệm kỳ 2025–2029": {
            "Chỉ tiêu nhiệm kỳ": total["term_plan"],
            "Kết nạp từ đầu nhiệm kỳ": total["term_admitted_count"],
            "Đạt (%)": total["percent_of_term_plan"],
        },
        "Tổ chức mới": {"Chỉ tiêu": total["founding_plan"], "Thành lập mới": total["founded_count"]},
        "Trình độ của người kết nạp": {
            "Từ trung học phổ thông": made["upper_secondary_count"],
            "Cao đẳng, đại học": made["college_or_university_count"],
            "Thạc sĩ": made["masters_count"],
        },
        "Dân tộc và nghề nghiệp": {
            "Dân tộc thiểu số": made["ethnic_minority_count"],
            "Nông dân": made["farmers_count"],
            "Trong doanh nghiệp": made["enterprise_count"],
        },
    }.items():
        rows = workbook.get_sheet_by_name(sheet).to_python()
        below = dict(zip(rows[FIRST_LINE - 1], rows[FIRST_LINE], strict=True))
        assert {heading: below[heading] for heading in figures} == figures
        assert None not in figures.values()


async def test_names_are_text_in_the_spreadsheet_and_escaped_on_paper(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    async with database.session() as session:
        await session.execute(update(Organisation).where(Organisation.id == world.branch_b).values(name=FORMULA))
        await session.commit()
    address = f"/v1/organisations/{world.commune}"
    officer = signed_in(world.officer)
    sheet = zipfile.ZipFile(io.BytesIO((await officer.get(f"{address}/report-spreadsheets/away")).content))
    assert b"<f>" not in sheet.read("xl/worksheets/sheet1.xml")
    paper = await officer.get(f"{address}/report-papers/away")
    assert paper.status_code == 200, paper.text
    text = pypdfium2.PdfDocument(paper.content)[0].get_textpage().get_text_range()
    assert FORMULA in text.replace("\r\n", "")
    assert "ĐẢNG VIÊN ĐI LÀM ĂN XA" in text
