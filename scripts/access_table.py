"""The access table of the tests as data for the page /docs/access, by the areas of the API."""

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the tests are in no package that is installed

from tests.contract.roles import Row
from tests.contract.test_access import TABLE

Json = dict[str, Any]  # Any: JSON

CASES = {
    "above": "ở cấp trên",
    "adopted": "đã thông qua",
    "approved": "đã duyệt",
    "before the end": "trước khi bế mạc",
    "before the start": "trước khi khai mạc",
    "for the committee": "dành cho cấp ủy",
    "of all below": "của cả cấp dưới",
    "in review": "đang lấy ý kiến",
    "never given out": "chưa từng cấp",
    "not adopted": "chưa thông qua",
    "not sent yet": "chưa gửi",
    "open, and nobody has voted": "đang mở, chưa ai biểu quyết",
    "not sent yet; the probationary member takes them": "chưa gửi; đảng viên dự bị ghi biên bản",
    "the probationary member takes them": "đảng viên dự bị ghi biên bản",
    "of a member's own": "của riêng một đảng viên",
    "of a provider that is none": "của nhà cung cấp không có",
    "of no notice": "không phải thông báo nào",
    "of one's own": "của chính mình",
    "of oneself": "của bản thân",
    "of somebody else": "của người khác",
    "of the commune": "của đảng bộ xã",
    "of the member themself": "chính đảng viên ấy",
    "once it is published": "khi đã đăng",
    "published": "đã công bố",
    "revoked": "đã thu hồi",
    "still a draft": "còn là bản nháp",
    "to the commune": "gửi tới toàn đảng bộ xã",
    "while members comment": "đang góp ý",
    "who has no phone": "chưa có điện thoại",
    "with a code that no screen showed": "mã không hiện trên màn hình nào",
    "with a wrong code": "mã sai",
    "with its result": "đã có kết quả",
    "with no worker": "không có tiến trình gửi",
    "without one begun": "chưa bắt đầu đăng ký",
}
"""What a row says of its case, in Vietnamese."""


def access_table(document: Json) -> list[Json]:
    """Return the areas in the document's order, each with its rows; raises KeyError for a case without Vietnamese."""
    rows: dict[str, list[Row]] = {}
    for row in TABLE:
        rows.setdefault(row.operation, []).append(row)
    areas = {
        tag["name"]: {"name": tag["name"], "about": _both(tag["description"]), "rows": []} for tag in document["tags"]
    }
    for item in document["paths"].values():
        for operation in item.values():
            areas[operation["tags"][0]]["rows"] += [_shown(row) for row in rows[operation["operationId"]]]
    return [area for area in areas.values() if area["rows"]]


def _shown(row: Row) -> Json:
    case = {"vi": CASES[row.why], "en": row.why} if row.why else None
    return {"operation": row.operation, "case": case, "answers": dict(row.expected)}


def _both(description: str) -> Json:
    """Take the two sentences of a tag apart: Vietnamese first, then English."""
    vietnamese, english = description.split(". ", 1)
    return {"vi": vietnamese, "en": english.removesuffix(".")}
