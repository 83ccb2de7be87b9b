"""HEAD is answered as a GET, without the body."""

from collections.abc import Callable
from pathlib import Path

import httpx
from httpx import AsyncClient

from tests.contract.living import living
from tests.documents.asking import uploaded
from tests.factories.world import Person, World

SignedIn = Callable[[Person], AsyncClient]
DESCRIBING = (
    "content-type",
    "content-length",
    "etag",
    "cache-control",
    "accept-ranges",
    "vary",
    "x-content-type-options",
)


async def test_a_head_has_the_headers_of_a_get_and_no_body(world: World, signed_in: SignedIn) -> None:
    secretary = signed_in(world.secretary)
    document = await uploaded(secretary)
    for path in ("/v1/me", "/v1/me/meetings", "/healthz", f"/v1/documents/{document['id']}/content"):
        got, headed = await secretary.get(path), await secretary.head(path)
        assert (headed.status_code, headed.content) == (200, b""), path
        assert [headed.headers.get(name) for name in DESCRIBING] == [got.headers.get(name) for name in DESCRIBING]


async def test_a_head_is_conditional_and_refused_as_a_get_is(
    world: World, signed_in: SignedIn, client: AsyncClient
) -> None:
    member = signed_in(world.member)
    etag = (await member.head("/v1/me")).headers["etag"]
    assert (await member.head("/v1/me", headers={"If-None-Match": etag})).status_code == 304
    assert (await client.head("/v1/me")).status_code == 401
    refused = await member.head("/v1/auth/login")
    assert (refused.status_code, refused.headers["Allow"], refused.content) == (405, "POST", b"")


def test_the_head_of_a_stream_ends(live_database_url: str, tmp_path: Path) -> None:
    # On a connection of its own: a stream that nobody listens to is stopped in the midst of a question.
    with living(live_database_url, tmp_path) as served:
        headers = {"Authorization": f"Bearer {served.token(served.world.secretary)}"}
        answer = httpx.head(f"{served.url}/v1/meetings/{served.ids['meeting_id'][0]}/events", headers=headers)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"].startswith("text/event-stream")
