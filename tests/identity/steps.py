"""What tests of signing in do over and over, and what they read behind the API's back."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

from httpx import AsyncClient, Response
from sqlalchemy import text, update

from app.identity.models import Account
from app.kernel.db import Database
from app.kernel.passwords import Passwords
from tests.factories.world import Person

PASSWORD = "con trâu đi trước cái cày"
SignedIn = Callable[[Person], AsyncClient]
Answer = dict[str, Any]  # Any: JSON


def installation(installation_id: UUID | None = None, *, name: str | None = "Samsung A05") -> Answer:
    return {"installation_id": str(installation_id or uuid4()), "platform": "android", "device_name": name}


async def give_password(database: Database, passwords: Passwords, person: Person, password: str = PASSWORD) -> None:
    hashed = await passwords.hash(password)
    async with database.session() as session:
        await session.execute(update(Account).where(Account.id == person.account_id).values(password_hash=hashed))
        await session.commit()


async def try_to_sign_in(
    client: AsyncClient, phone: str | None, password: str = PASSWORD, *, on: UUID | None = None
) -> Response:
    body = {"phone": phone, "password": password, "installation": installation(on)}
    return await client.post("/v1/auth/login", json=body)


async def sign_in(client: AsyncClient, person: Person, password: str = PASSWORD) -> Answer:
    """Sign in on the person's own phone and return the tokens."""
    answer = await try_to_sign_in(client, person.phone, password, on=person.installation_id)
    assert answer.status_code == 200, answer.text
    tokens: Answer = answer.json()
    return tokens


async def try_to_activate(client: AsyncClient, code: str, password: str = PASSWORD) -> Response:
    body = {"activation_code": code, "password": password, "installation": installation()}
    return await client.post("/v1/auth/activate", json=body)


async def issue_code(issuer: AsyncClient, member: Person) -> str:
    answer = await issuer.post(f"/v1/members/{member.member_id}/activation-code")
    assert answer.status_code == 201, answer.text
    code: str = answer.json()["activation_code"]
    return code


async def refresh(client: AsyncClient, token: str, **more: str) -> Response:
    return await client.post("/v1/auth/refresh", json={"refresh_token": token, **more})


async def whoami(client: AsyncClient, tokens: Answer) -> Response:
    return await client.get("/v1/me", headers=bearer(tokens["access_token"]))


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def said(answer: Response) -> Answer:
    """Return a problem without what names the request: what a caller could tell two refusals apart by."""
    body: Answer = answer.json()
    body.pop("request_id")
    return {"status": answer.status_code, "body": body, "type": answer.headers["content-type"]}


async def rows(database: Database, statement: str, **values: object) -> list[Any]:
    """Read what is stored; Any: rows of any shape."""
    async with database.session() as session:
        return list(await session.execute(text(statement), values))


async def change(database: Database, statement: str, **values: object) -> None:
    """Bring about what no route does, or not yet."""
    async with database.session() as session:
        await session.execute(text(statement), values)
        await session.commit()


async def end_membership(database: Database, person: Person) -> None:
    await change(
        database,
        "INSERT INTO standings (id, member_id, organisation_id, kind, starts_on)"
        " VALUES (gen_random_uuid(), :member, :organisation, 'transferred', '2026-11-22')",
        member=person.member_id,
        organisation=person.organisation_id,
    )
