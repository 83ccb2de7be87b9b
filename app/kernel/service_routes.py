"""Routes of the service itself: alive, ready, documented, with nothing fetched from elsewhere."""

from datetime import timedelta
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Header, Request
from fastapi import Response as Answer
from fastapi.responses import FileResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from pydantic import Field
from sqlalchemy import text

from app.kernel.compression import accepts_gzip, compress
from app.kernel.db import DbSession
from app.kernel.errors import Unavailable
from app.kernel.i18n import Text
from app.kernel.problems import PathNotFound, problems
from app.kernel.schemas import Response
from app.kernel.settings import Docs

router = APIRouter(tags=["service"])

_DOCS = Path(__file__).parent / "docs"
_DOCS_FILES = frozenset({"index.html", "docs.css", "docs.js"})
_DOCS_POLICY = (
    "default-src 'none'; connect-src 'self'; font-src data:; img-src 'self' data:; script-src 'self'; "
    "style-src 'self' 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class NotMigrated(Unavailable):
    title = Text(vi="Cơ sở dữ liệu chưa được nâng cấp", en="The database has not been migrated")


class WorkerSilent(Unavailable):
    title = Text(vi="Tiến trình gửi thông báo không hoạt động", en="No worker is sending notifications")


class Health(Response):
    """A sign of life."""

    status: str = Field(examples=["ok"])


@router.get("/healthz", operation_id="getHealth", summary="Alive")
async def get_health() -> Health:
    """Answer as long as the process does; nothing behind it is asked."""
    return Health(status="ok")


@router.get("/readyz", operation_id="getReadiness", summary="Ready", responses=problems(NotMigrated, WorkerSilent))
async def get_readiness(request: Request, session: DbSession) -> Health:
    """Answer 200 when the database is there and migrated and a worker has shown a heartbeat lately.

    A database that a later version has migrated is: while an upgrade goes on, and after going back from it.
    """
    revision = await session.scalar(text("SELECT version_num FROM alembic_version"))
    if revision is None or revision in request.app.state.older_revisions:
        raise NotMigrated
    silence = timedelta(seconds=3 * request.app.state.settings.worker_heartbeat_seconds)
    beating = await session.scalar(
        text("SELECT EXISTS (SELECT FROM procrastinate_workers WHERE last_heartbeat > clock_timestamp() - :silence)"),
        {"silence": silence},
    )
    if not beating:
        raise WorkerSilent
    return Health(status="ready")


def require_docs(request: Request) -> None:
    """Let pass where the documentation is served; raises PathNotFound."""
    if request.app.state.settings.docs is Docs.off:
        raise PathNotFound


def install_docs(app: FastAPI) -> None:
    """Serve the document, and `/docs`: Swagger UI out of the `fastapi-offline` package, with a search.

    No address outside is needed. With `SOTAY_DOCS=off` there is none of it.
    """
    shown = [Depends(require_docs)]
    assets = StaticFiles(directory=str(files("fastapi_offline") / "static"))

    @cache
    def written(*, zipped: bool) -> bytes:
        # More than a megabyte for whoever asks, signed in or not: written and packed once.
        return compress(written(zipped=False)) if zipped else bytes(JSONResponse(app.openapi()).body)

    @app.get("/openapi.json", include_in_schema=False, dependencies=shown)
    async def document(accept_encoding: Annotated[str, Header()] = "") -> Answer:
        zipped = accepts_gzip(accept_encoding)
        headers = {"Vary": "Accept-Encoding", "Content-Encoding": "gzip"} if zipped else {}
        return Answer(written(zipped=zipped), media_type="application/json", headers=headers)

    @app.get("/docs", include_in_schema=False, dependencies=shown)
    @app.get("/docs/{name}", include_in_schema=False, dependencies=shown)
    async def docs(name: str = "index.html") -> FileResponse:
        if name not in _DOCS_FILES:
            raise PathNotFound
        return FileResponse(_DOCS / name, headers={"Content-Security-Policy": _DOCS_POLICY})

    @app.get("/docs/assets/{name}", include_in_schema=False, dependencies=shown)
    async def docs_asset(request: Request, name: str) -> Answer:
        return await assets.get_response(name, request.scope)
