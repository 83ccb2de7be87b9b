import re

from tests.factories.meetings import SignedIn
from tests.factories.resolutions import FIRST, SECOND, drafted, opened, revised
from tests.factories.world import World


async def test_two_versions_are_compared_paragraph_by_paragraph(world: World, signed_in: SignedIn) -> None:
    secretary = signed_in(world.secretary)
    view = await opened(secretary, world.branch_a)
    first, second = view["paragraphs"]
    changed = {**first, "text": FIRST.replace("IV", "III")}
    await revised(secretary, view["id"], title="Tên mới", paragraphs=[changed, {"position": 2, "text": "Thêm."}])
    path = f"/v1/resolutions/{view['id']}/comparison"
    answer = (await signed_in(world.member).get(path, params={"from": 1, "to": 2})).json()
    assert answer == (await signed_in(world.member).get(path)).json()
    assert (answer["from_version"], answer["to_version"], answer["title_after"]) == (1, 2, "Tên mới")
    one, gone, added = answer["paragraphs"]
    assert (one["id"], one["change"], one["text_before"], one["text_after"]) == (
        first["id"],
        "changed",
        FIRST,
        changed["text"],
    )
    assert [segment["kind"] for segment in one["segments"]] == ["same", "removed", "added"]
    assert (gone["id"], gone["change"], gone["position_before"], gone["position_after"]) == (
        second["id"],
        "removed",
        2,
        None,
    )
    assert (added["change"], added["text_before"], added["text_after"]) == ("added", None, "Thêm.")
    missing = await secretary.get(path, params={"from": 1, "to": 3})
    assert (missing.status_code, missing.json()["code"]) == (404, "resolution_version_not_found")
    wrong = await secretary.get(path, params={"from": 0, "to": 2**31})
    assert {one["pointer"] for one in wrong.json()["errors"]} == {"query/from", "query/to"}


async def test_first_version_is_compared_with_itself(world: World, signed_in: SignedIn) -> None:
    secretary = signed_in(world.secretary)
    draft = await drafted(secretary, world.branch_a)
    answer = (await secretary.get(f"/v1/resolutions/{draft['id']}/comparison")).json()
    assert (answer["from_version"], answer["to_version"]) == (1, 1)
    assert {one["change"] for one in answer["paragraphs"]} == {"unchanged"}


async def test_page_escapes_every_text_and_fetches_nothing(world: World, signed_in: SignedIn) -> None:
    secretary = signed_in(world.secretary)
    attack = "<script>alert('x')</script><img src=//evil onerror=1>"
    view = await drafted(secretary, world.branch_a, title=attack)
    first, second = view["paragraphs"]
    moved = [{**second, "position": 1}, {"position": 2, "text": attack}]
    await revised(secretary, view["id"], title=f"{attack}2", paragraphs=moved)
    answer = await secretary.get(f"/v1/resolutions/{view['id']}/comparison.html")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Content-Language"] == "vi"
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'")
    page = answer.text
    assert "<script" not in page
    assert "<img" not in page
    assert re.search(r"(?:src|href|url)\s*[=(]", page.replace("src=//evil", "")) is None
    assert page.count("&lt;script&gt;") == 3
    assert '<meta name="viewport" content="width=device-width, initial-scale=1">' in page
    assert "So sánh bản 1 với bản 2" in page
    assert "Đoạn 1 (trước là đoạn 2) · Không đổi" in page
    assert f"<del>{FIRST}</del>" in page
    assert "Đoạn 1 của bản cũ · Đã bỏ" in page
    assert "Đoạn 2 · Thêm mới" in page
    assert SECOND in page
    english = await secretary.get(f"/v1/resolutions/{view['id']}/comparison.html", headers={"Accept-Language": "en"})
    assert "Version 1 compared with version 2" in english.text
    assert first["id"] not in page
