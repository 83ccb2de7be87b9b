"""The demonstration's people on record: in their branches, with accounts and phones."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlalchemy import insert

from app.demo.people import Invented
from app.identity.models import Account, Device
from app.kernel.db import Session
from app.kernel.events import record
from app.kernel.i18n import Locale
from app.members.imports.events import RosterImported
from app.members.service import add_members
from app.organisations.models import Organisation


@dataclass(frozen=True, slots=True)
class Written:
    """Somebody on record, and their own id."""

    id: UUID
    person: Invented


async def enrol(session: Session, branch: Organisation, people: Sequence[Written]) -> None:
    """Write people down in a branch, as an import of its roster does."""
    rows = [
        {
            "id": one.id,
            "full_name": one.person.full_name,
            "born_on": one.person.born_on,
            "sex": one.person.sex,
            "card_number": one.person.card_number,
            "phone": one.person.phone,
            "admitted_on": one.person.admitted_on,
            "official_on": one.person.official_on,
        }
        for one in people
    ]
    await add_members(session, branch, rows)
    fact = RosterImported(
        organisation_id=branch.id,
        subject_id=branch.id,
        actor_member_id=None,
        member_ids=tuple(one.id for one in people),
    )
    await record(session, fact)


async def open_accounts(session: Session, people: Sequence[Written], *, password_hash: str) -> None:
    """Give everybody who has the app an account with one password, and the phone a token; others get texts."""
    now = session.now()
    accounts = [
        {
            "id": session.new_id(),
            "member_id": one.id,
            "password_hash": password_hash,
            "created_at": now,
        }
        for one in people
        if one.person.has_app
    ]
    holders = [one.person for one in people if one.person.has_app]
    devices = [
        {
            "id": session.new_id(),
            "installation_id": uuid5(NAMESPACE_URL, f"sotay-demo:{person.phone}"),
            "account_id": account["id"],
            "platform": person.platform,
            "push_token": f"demo:{person.phone}",
            "locale": Locale.vi,
            "time_zone": person.time_zone,
            "app_version": "1.0.0",
            "device_name": f"Điện thoại của {person.full_name}",
            "updated_at": now,
            "created_at": now,
        }
        for account, person in zip(accounts, holders, strict=True)
    ]
    await session.execute(insert(Account), accounts)
    await session.execute(insert(Device), devices)
