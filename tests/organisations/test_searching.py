"""Organisations are found by a part of their name, accents or none, as far as the reader may see them."""

import unicodedata
from collections.abc import Callable

import pytest
from httpx import AsyncClient
from sqlalchemy import literal, select, update

from app.members.names import search_key
from app.organisations.models import Organisation
from app.organisations.names import contains_name
from tests.conftest import RolledBackDatabase
from tests.factories.world import Person, World

SignedIn = Callable[[Person], AsyncClient]


async def names(caller: AsyncClient, **query: str) -> list[str]:
    found: list[str] = []
    while True:
        answer = await caller.get("/v1/organisations", params={"limit": "2", **query})
        assert answer.status_code == 200, answer.text
        found += [item["name"] for item in answer.json()["items"]]
        if answer.json()["next_cursor"] is None:
            return found
        query["cursor"] = answer.json()["next_cursor"]


@pytest.mark.parametrize("q", ["doai", "ĐOÀI", "thon  đoài", "Doài", unicodedata.normalize("NFD", "Đoài")])
async def test_a_branch_is_found_with_accents_or_without(world: World, signed_in: SignedIn, q: str) -> None:
    assert await names(signed_in(world.officer), q=q) == ["Chi bộ thôn Đoài"]


async def test_only_what_the_reader_may_see_is_listed(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    assert await names(signed_in(world.member), q="chi bo") == ["Chi bộ thôn Đông"]
    assert await names(signed_in(world.officer), q="chi bo") == [
        "Chi bộ Văn phòng Đảng ủy",
        "Chi bộ thôn Đoài",
        "Chi bộ thôn Đông",
    ]
    assert len(await names(signed_in(world.administrator))) == 7
    assert await names(signed_in(world.member)) == ["Chi bộ thôn Đông", "Đảng bộ tỉnh Ninh Bình", "Đảng bộ xã Yên Mô"]
    assert await names(signed_in(world.administrator), q="100%_") == []
    async with database.session() as session:
        ended = update(Organisation).where(Organisation.id == world.branch_b)
        await session.execute(ended.values(valid_from="2026-01-01", valid_until="2026-06-30"))
        await session.commit()
    assert await names(signed_in(world.officer), q="doai") == []


async def test_the_database_folds_letters_as_names_of_members_are_folded(database: RolledBackDatabase) -> None:
    vowels, tones = "AĂÂEÊIOÔƠUƯY", ("", *"\u0300\u0301\u0303\u0309\u0323")
    marked = [*"BCDĐGHKLMNPQRSTVX", *(unicodedata.normalize("NFC", vowel + tone) for vowel in vowels for tone in tones)]
    async with database.session() as session:
        for text in (*marked, *(letter.lower() for letter in marked)):
            assert await session.scalar(select(contains_name(literal(text), search_key(text)))), text
