"""What every proof of who somebody is has in common: failures that are counted, and the second factor."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from math import ceil
from typing import NoReturn
from uuid import UUID

import structlog
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from app.identity import totp
from app.identity.delays import FROM_SOMEWHERE, WITH_SOMEBODY, Patience, place_of
from app.identity.errors import SecondFactorRefused, SecondFactorRequired, SignInDelayed
from app.identity.keyring import Keyring
from app.identity.models import FailureCount, RecoveryCode, SecondFactor
from app.kernel.db import Session
from app.kernel.errors import AppError
from app.kernel.vault import VaultClosed

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Source:
    """Whom failures are counted for; what stands for them is a keyed hash, which nobody can look somebody up by."""

    key: bytes
    patience: Patience


class Proof(StrEnum):
    """What somebody tries to prove: each has counters of its own, which no other can reach.

    What is typed as a telephone number may be anything: it must never be taken for an account.
    """

    number = "number"
    own_phone = "own phone"
    signed_in = "signed in"
    activation_code = "activation code"
    identity = "identity"


def somebody(keyring: Keyring, proof: Proof, *names: object) -> Source:
    """Return the counter of an account, a number that was typed, or one phone of an account."""
    name = "\0".join([proof, *map(str, names)])
    return Source(keyring.keys.seal(b"failures with " + name.encode()), WITH_SOMEBODY)


def somewhere(keyring: Keyring, address: str | None) -> Source:
    """Return the counter of the caller's network address."""
    return Source(keyring.keys.seal(b"failures from " + place_of(address).encode()), FROM_SOMEWHERE)


async def require_patience(session: Session, sources: Sequence[Source]) -> None:
    """Raise SignInDelayed while one of the sources has to wait."""
    keys = [source.key for source in sources]
    _refuse_while(
        await session.scalar(
            select(FailureCount.delayed_until)
            .where(FailureCount.source.in_(keys), FailureCount.delayed_until > session.now())
            .order_by(FailureCount.delayed_until.desc())
            .limit(1)
        ),
        session.now(),
    )


async def count_failure(session: Session, sources: Sequence[Source]) -> None:
    """Count a failure for each source; raises SignInDelayed, and counts nothing, while one of them has to wait.

    Of guesses made at once, those that are judged after the delay began tell their makers nothing.
    """
    now = session.now()
    patience = {source.key: source.patience for source in sources}
    await session.execute(
        insert(FailureCount)
        .values([{"source": key, "failures": 0, "last_failed_at": now} for key in sorted(patience)])
        .on_conflict_do_nothing()
    )
    counts = (
        await session.scalars(
            select(FailureCount)
            .where(FailureCount.source.in_(patience))
            .order_by(FailureCount.source)  # two failures at once lock in one order
            .with_for_update()
        )
    ).all()
    for count in counts:
        _refuse_while(count.delayed_until, now)
    for count in counts:
        rule = patience[count.source]
        count.failures = rule.count(count.failures, last_failed_at=count.last_failed_at, now=now)
        delay = rule.delay_after(count.failures)
        count.delayed_until = now + delay if delay else None
        count.last_failed_at = now


async def forget_failures(session: Session, source: Source) -> None:
    """Forget what was counted for somebody who has now proved themselves.

    Raises SignInDelayed where the delay began while they did: a right guess among many at once is not taken either.
    """
    count = await session.scalar(select(FailureCount).where(FailureCount.source == source.key).with_for_update())
    if count is not None:
        _refuse_while(count.delayed_until, session.now())
        await session.delete(count)


async def forgive(session: Session, source: Source) -> None:
    """Forget what was counted, delay and all: a new activation code lets in whom somebody's guesses keep out."""
    await session.execute(delete(FailureCount).where(FailureCount.source == source.key))


async def refuse(session: Session, refusal: AppError, sources: Sequence[Source], *, keyring: Keyring) -> NoReturn:
    """Count the failure in a unit of work of its own, since a refusal undoes this one, and raise the refusal."""
    await session.rollback()  # gives back its connection, and its locks, before another is asked for
    async with keyring.independently() as apart:
        await count_failure(apart, sources)
    raise refusal


async def prove(
    session: Session, account_id: UUID, typed: str | None, sources: Sequence[Source], *, keyring: Keyring
) -> None:
    """Let pass whose first proof was right and who has the second, and forget the failures of the first source.

    Raises SignInDelayed, SecondFactorRequired; SecondFactorRefused, which is counted for every source.
    """
    await forget_failures(session, sources[0])
    try:
        await require_second_factor(session, account_id, typed, keyring=keyring)
    except SecondFactorRefused as refusal:
        await refuse(session, refusal, sources, keyring=keyring)


async def require_second_factor(session: Session, account_id: UUID, typed: str | None, *, keyring: Keyring) -> None:
    """Take a code of the account's authenticator app, or a recovery code; each is taken once.

    An account without a confirmed second factor needs none. Raises SecondFactorRequired where no code was sent,
    SecondFactorRefused for a wrong one, which the caller counts.
    """
    factor = await session.scalar(
        select(SecondFactor)
        .where(SecondFactor.account_id == account_id, SecondFactor.confirmed_at.is_not(None))
        .with_for_update()  # of two sign-ins with one code the second finds it used
        .execution_options(populate_existing=True)
    )
    if factor is None:
        return
    if typed is None:
        raise SecondFactorRequired
    if totp.is_six_digits(typed):
        spend_code(session, factor, typed, keyring=keyring)
        return
    used = await session.scalar(
        delete(RecoveryCode)
        .where(RecoveryCode.account_id == account_id, RecoveryCode.code_hash == totp.recovery_hash(typed))
        .returning(RecoveryCode.account_id)
    )
    if used is None:
        raise SecondFactorRefused


def spend_code(session: Session, factor: SecondFactor, typed: str, *, keyring: Keyring) -> None:
    """Take a code of the app, so that neither it nor an earlier one is taken again; raises SecondFactorRefused."""
    try:
        secret = keyring.vault.open(factor.sealed_secret).decode()
    except VaultClosed:
        log.error("second_factor_unreadable", account_id=str(factor.account_id))  # noqa: TRY400 its trace says nothing
        raise SecondFactorRefused from None
    step = totp.find_step(secret, typed, now=session.now(), after=factor.last_step)
    if step is None:
        raise SecondFactorRefused
    factor.last_step = step


def _refuse_while(delayed_until: datetime | None, now: datetime) -> None:
    if delayed_until is not None and delayed_until > now:
        raise SignInDelayed(headers={"Retry-After": str(ceil((delayed_until - now).total_seconds()))})
