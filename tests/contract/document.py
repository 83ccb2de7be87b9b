"""The application and the document it publishes, made once for all tests of the contract."""

from typing import Any

from app.main import build_app

Json = dict[str, Any]  # Any: JSON

APP = build_app()
DOCUMENT: Json = APP.openapi()
