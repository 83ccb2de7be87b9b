"""One unit of work of an operator at the server's console."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import psycopg
import typer
from sqlalchemy.exc import DBAPIError

from app.cli.terminal import errors, no_database, refuse, refuse_text
from app.kernel.clock import system_clock
from app.kernel.db import PooledDatabase, Session, transaction
from app.kernel.errors import AppError
from app.kernel.roles import Role

STATEMENT_TIMEOUT_MS = 120_000
T = TypeVar("T")


def run(url: str, work: Callable[[Session], Awaitable[T]], *, role: Role | None = Role.worker) -> T:
    """Do the work and commit it; what stands in the way is said in both languages and ends the command.

    `role` None is for what only the owner of the tables may do.
    """

    async def unit() -> T:
        database = PooledDatabase(
            url, clock=system_clock, pool_size=1, statement_timeout_ms=STATEMENT_TIMEOUT_MS, role=role
        )
        try:
            async with transaction(database) as session:
                return await work(session)
        finally:
            await database.close()

    try:
        return asyncio.run(unit())
    except AppError as refusal:
        raise _explain(refusal) from None
    except DBAPIError as error:
        if isinstance(error.orig, psycopg.errors.UndefinedTable):
            raise refuse(
                "Cơ sở dữ liệu chưa được nâng cấp; hãy chạy `sotay migrate` trước.",
                "The database has not been migrated; run `sotay migrate` first.",
            ) from None
        if isinstance(error.orig, psycopg.OperationalError):
            raise no_database(error.orig) from None
        raise


def _explain(refusal: AppError) -> typer.Exit:
    ended = refuse_text(refusal.title)
    for text in (refusal.detail, *(problem.detail for problem in refusal.fields)):
        if text is not None:
            errors.print(f"{text.vi}\n{text.en}", markup=False, soft_wrap=True)
    return ended
