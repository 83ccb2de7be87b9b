"""Cursors hold what they were given, are short, and cannot be made by anybody else."""

import base64
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.changes.cursors import Cursor, Run, read_cursor, write_cursor
from app.changes.errors import SyncCursorExpired
from app.kernel.pagination import CursorInvalid
from app.kernel.tokens import TokenKeys

ME = UUID(int=7)
COUNTERS = st.dictionaries(st.uuids(), st.integers(min_value=1, max_value=2**62), max_size=12)


@pytest.fixture(scope="module")
def sealing(tmp_path_factory: pytest.TempPathFactory) -> TokenKeys:
    return TokenKeys(tmp_path_factory.mktemp("keys"), issuer="http://sotay.test")


@given(
    since=COUNTERS, until=COUNTERS, after=st.tuples(st.sampled_from(("", "meeting")), st.uuids()), within=st.booleans()
)
def test_what_is_written_is_read(
    sealing: TokenKeys, *, since: dict[UUID, int], until: dict[UUID, int], after: tuple[str, UUID], within: bool
) -> None:
    run = Run(until=until, is_first=True, is_whole=False, after=after) if within else None
    cursor = Cursor(epoch=UUID(int=1), rights="0f" * 8, since=since, run=run)

    text = write_cursor(cursor, member_id=ME, keys=sealing)

    assert read_cursor(text, member_id=ME, keys=sealing) == cursor
    assert cursor.scopes == since.keys() | (until.keys() if within else set())


def test_a_cursor_of_six_scopes_is_short(sealing: TokenKeys) -> None:
    since = {uuid4(): 1_000_000 + number for number in range(6)}

    assert len(write_cursor(Cursor(epoch=uuid4(), rights="0f" * 8, since=since), member_id=ME, keys=sealing)) < 220


def test_what_an_older_release_wrote_begins_anew_instead_of_being_refused(sealing: TokenKeys) -> None:
    packed = b"whatever it held"
    raw = sealing.seal(b"changes 1" + ME.bytes + packed) + packed
    with pytest.raises(SyncCursorExpired):
        read_cursor(base64.urlsafe_b64encode(raw).decode().rstrip("="), member_id=ME, keys=sealing)


def test_nobody_else_can_make_one(sealing: TokenKeys, tmp_path: Path) -> None:
    cursor = Cursor(epoch=UUID(int=1), rights="0f" * 8, since={UUID(int=2): 5})
    stranger = TokenKeys(tmp_path, issuer="http://sotay.test")
    text = write_cursor(cursor, member_id=ME, keys=sealing)
    raw = bytearray(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))

    forged = [write_cursor(cursor, member_id=ME, keys=stranger), text[:-4], "A" * 24]
    for place in range(len(raw)):
        raw[place] ^= 1
        forged.append(base64.urlsafe_b64encode(bytes(raw)).decode().rstrip("="))
        raw[place] ^= 1
    for one in forged:
        with pytest.raises(SyncCursorExpired):
            read_cursor(one, member_id=ME, keys=sealing)
    with pytest.raises(SyncCursorExpired):
        read_cursor(text, member_id=UUID(int=8), keys=sealing)


@pytest.mark.parametrize("text", ["", "!", "ab", "é", "A" * 21, "A" * 25, "A" * 40 + "!!!!", "A A" * 20])
def test_what_cannot_be_a_cursor_is_refused(text: str, sealing: TokenKeys) -> None:
    with pytest.raises(CursorInvalid):
        read_cursor(text, member_id=ME, keys=sealing)


def test_a_cursor_outlives_a_new_signing_key(tmp_path: Path) -> None:
    before = TokenKeys(tmp_path, issuer="http://sotay.test")
    cursor = Cursor(epoch=UUID(int=1), rights="0f" * 8, since={UUID(int=2): 5})
    text = write_cursor(cursor, member_id=ME, keys=before)
    other = TokenKeys(tmp_path / "other", issuer="http://sotay.test")
    assert write_cursor(cursor, member_id=ME, keys=other) != text
    (tmp_path / "0002.pem").write_bytes((tmp_path / "other" / "0001.pem").read_bytes())

    after = TokenKeys(tmp_path, issuer="http://sotay.test")

    assert read_cursor(text, member_id=ME, keys=after) == cursor


def test_a_cursor_begins_anew_once_its_key_was_taken_away(tmp_path: Path) -> None:
    stolen = TokenKeys(tmp_path, issuer="http://sotay.test")
    text = write_cursor(Cursor(epoch=UUID(int=1), rights="0f" * 8), member_id=ME, keys=stolen)
    TokenKeys(tmp_path / "new", issuer="http://sotay.test")
    (tmp_path / "0002.pem").write_bytes((tmp_path / "new" / "0001.pem").read_bytes())
    (tmp_path / "0001.pem").unlink()

    with pytest.raises(SyncCursorExpired):
        read_cursor(text, member_id=ME, keys=TokenKeys(tmp_path, issuer="http://sotay.test"))
