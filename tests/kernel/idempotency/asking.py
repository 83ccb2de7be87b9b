"""Asking with a key, and counting what came of it."""

from typing import Any
from uuid import uuid4

from sqlalchemy import text

from app.kernel.db import Database


async def count(live: Database, table: str = "bells") -> int:
    async with live.session() as session:
        return (await session.scalar(text(f"SELECT count(*) FROM {table}"))) or 0


def with_key(key: object = None, **more: str) -> dict[str, str]:
    return {"Idempotency-Key": str(key or uuid4()), **more}


def code_of(answer: Any) -> tuple[int, str]:  # Any: httpx's answer
    return answer.status_code, answer.json()["code"]
