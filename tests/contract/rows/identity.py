"""What each role gets of second factors and linked identities: the things asked about, a row for each operation."""

from uuid import uuid4

from app.identity.models import LinkedIdentity, SecondFactor
from app.kernel.db import Session
from tests.contract.roles import ROLES, SIGNED_IN, Row, Things, expect
from tests.factories.world import World

PASSWORD = "một con ngựa đau"
CODE = {"totp_code": "000000"}
TOKEN = {"provider": "vneid", "id_token": "a.b.c", "nonce": "n-0S6_WzA2Mj-9aK1xQp"}
INSTALLATION = {"installation_id": str(uuid4()), "platform": "android"}

ROWS: tuple[Row, ...] = (
    Row("getMySecondFactor", SIGNED_IN),
    Row(
        "enrolSecondFactor",
        expect("ok", probationary=409),
        body={"current_password": PASSWORD},
    ),
    Row("confirmSecondFactor", expect(409), body=CODE, why="without one begun"),
    Row("renewRecoveryCodes", expect(409, probationary=401), body=CODE, why="with a wrong code"),
    Row("removeSecondFactor", expect(409, probationary=401), body=CODE, why="with a wrong code"),
    # Who hands out passwords does not take second factors away.
    Row(
        "resetSecondFactor",
        expect(404, branch=403, guest=404, officer=403, administrator="ok"),
        path={"member_id": "member_with_factor"},
    ),
    Row(
        "signInByIdentity",
        dict.fromkeys(ROLES, 422),
        body={**TOKEN, "installation": INSTALLATION},
        why="of a provider that is none",
    ),
    Row("listMyIdentities", SIGNED_IN),
    Row(
        "linkIdentity",
        expect(422),
        body={**TOKEN, "current_password": PASSWORD},
        why="of a provider that is none",
    ),
    Row("unlinkIdentity", expect(404, member="ok"), path={"identity_id": "identity"}),
)

IDS: dict[str, tuple[str, ...]] = {"identity_id": ("identity",)}
"""Path parameter → names of things that fit it, for the fuzzer."""


async def make(session: Session, world: World, things: Things) -> Things:
    """Make a second factor, of somebody who signs in nowhere else in these tests, and a linked identity."""
    del things
    now = session.now()
    session.add(
        SecondFactor(
            account_id=world.probationary.account_id,
            sealed_secret=b"under another key",
            confirmed_at=now,
            created_at=now,
        )
    )
    linked = LinkedIdentity(
        id=session.new_id(), account_id=world.member.account_id, provider="vneid", subject="1", created_at=now
    )
    session.add(linked)
    await session.flush()
    return {"member_with_factor": world.probationary.member_id, "identity": linked.id}
