"""An app that is too old is told so, whatever it asks."""

from collections.abc import Callable
from pathlib import Path

import pytest
from httpx import AsyncClient
from pydantic import ValidationError

from app.kernel.app_versions import read_version
from app.kernel.settings import Settings
from tests.factories.world import Person, World

SignedIn = Callable[[Person], AsyncClient]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        data_dir=tmp_path, public_url="http://sotay.test", rate_limit_per_minute=0, minimum_app_version="1.10"
    )


@pytest.mark.parametrize(
    ("written", "numbers"),
    [
        ("1", (1, 0, 0, 0)),
        ("1.10", (1, 10, 0, 0)),
        ("1.9.12.4", (1, 9, 12, 4)),
        ("2.0.0-beta+45", (2, 0, 0, 0)),
        ("1.2.3.4.5", (1, 2, 3, 4)),
        ("9" * 5000, (999_999_999, 0, 0, 0)),
        ("", None),
        ("v1.2", None),
        ("không rõ", None),
        ("١.٢", None),
    ],
)
def test_versions_are_read_as_numbers(written: str, numbers: tuple[int, ...] | None) -> None:
    assert read_version(written) == numbers


@pytest.mark.parametrize("old", ["1.9.99", "0.1", "1", "1.9.9-beta"])
async def test_old_app_is_refused_signed_in_or_not(
    old: str, world: World, client: AsyncClient, signed_in: SignedIn
) -> None:
    for caller, method, path in (
        (client, "POST", "/v1/auth/login"),
        (client, "GET", "/v1/me"),
        (signed_in(world.member), "GET", "/v1/me"),
    ):
        answer = await caller.request(method, path, headers={"App-Version": old})
        problem = answer.json()
        assert (answer.status_code, problem["code"]) == (426, "app_too_old")
        assert problem["minimum_version"] == "1.10"


@pytest.mark.parametrize("version", ["1.10", "1.10.0", "1.11", "2", "10.0.0-beta", "unknown", ""])
async def test_app_that_is_new_enough_or_names_no_version_is_answered(
    version: str, world: World, signed_in: SignedIn
) -> None:
    assert (await signed_in(world.member).get("/v1/me", headers={"App-Version": version})).status_code == 200


async def test_probes_and_keys_are_for_any_version(client: AsyncClient) -> None:
    for path in ("/healthz", "/.well-known/jwks.json"):
        assert (await client.get(path, headers={"App-Version": "0"})).status_code == 200


@pytest.mark.parametrize("wrong", ["v1", "1.", "1.2.3.4.5", "latest", ""])
def test_minimum_that_is_no_version_is_refused_at_the_start(wrong: str) -> None:
    with pytest.raises(ValidationError):
        Settings(minimum_app_version=wrong)
