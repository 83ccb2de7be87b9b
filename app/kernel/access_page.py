"""The page that says who may ask what: the access table, as the tests ask it of every operation."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from app.kernel.i18n import Locale, Text, negotiate
from app.kernel.service_routes import require_docs
from app.kernel.typesetting import Templates

router = APIRouter(include_in_schema=False)

ROLES = {
    "anonymous": Text(vi="Chưa đăng nhập", en="Not signed in"),
    "stranger": Text(vi="Người ngoài (chi bộ xã khác)", en="Stranger (of a branch elsewhere)"),
    "member": Text(vi="Đảng viên của chi bộ", en="Member of the branch"),
    "away": Text(vi="Đảng viên đi làm ăn xa", en="Member working away"),
    "probationary": Text(vi="Đảng viên dự bị", en="Probationary member"),
    "guest": Text(vi="Sinh hoạt tạm thời tại chi bộ", en="Guest (temporary transfer to the branch)"),
    "former": Text(vi="Đã rời chi bộ", en="Former member"),
    "minute_taker": Text(vi="Thư ký", en="Minute-taker"),
    "secretary": Text(vi="Bí thư chi bộ", en="Secretary of the branch"),
    "sister_secretary": Text(vi="Bí thư chi bộ bên cạnh", en="Secretary of a sister branch"),
    "officer": Text(vi="Cấp ủy cấp trên", en="Committee officer above"),
    "administrator": Text(vi="Quản trị", en="Administrator"),
    "auditor": Text(vi="Kiểm tra nhật ký", en="Auditor"),
}
"""Who asks, in the order of the columns."""

_HERE = Path(__file__).parent
_TEMPLATES = Templates(_HERE)


@cache
def _table() -> Any:
    """Return areas with their rows, as `scripts/export_openapi.py` wrote them; Any: JSON."""
    return json.loads((_HERE / "access_table.json").read_text(encoding="utf-8"))


@router.get("/docs/access", dependencies=[Depends(require_docs)])
async def access_table(request: Request) -> HTMLResponse:
    """Return the page, in Vietnamese or English."""
    locale = negotiate(request.headers.get("accept-language"))
    other = Locale.en if locale is Locale.vi else Locale.vi
    html = _TEMPLATES.fill(
        "access_table.html.jinja", {"locale": locale, "other": other, "roles": ROLES, "areas": _table()}
    )
    return HTMLResponse(html, headers={"Content-Language": locale.value, "Vary": "Accept-Language"})
