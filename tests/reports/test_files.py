"""Reports as files: the same figures, and no name of an organisation is ever a formula."""

import io
import zipfile

import pypdfium2
import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import update

from app.organisations.models import Organisation
from app.reports.schemas import ReportKind
from tests.conftest import RolledBackDatabase
from tests.factories.meetings import SignedIn
from tests.factories.world import World

FORMULA = '=HYPERLINK("http://x")<b>'


@pytest.mark.parametrize("kind", list(ReportKind))
async def test_spreadsheet_has_the_lines_of_the_report(kind: ReportKind, world: World, signed_in: SignedIn) -> None:
    address = f"/v1/organisations/{world.commune}"
    officer = signed_in(world.officer)
    report = (await officer.get(f"{address}/reports/{kind}")).json()
    answer = await officer.get(f"{address}/report-spreadsheets/{kind}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-disposition"] == f'attachment; filename="bao-cao-{kind}.xlsx"'
    rows = CalamineWorkbook.from_filelike(io.BytesIO(answer.content)).get_sheet_by_index(0).to_python()
    assert [row[0] for row in rows[3:]] == ["Tổ chức", "Tổng số", *(row["name"] for row in report["rows"])]


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
