"""The registry of notices: every fact that people are told of has one, and pushes give nothing away."""

import string
from collections.abc import Iterator

from app import api, worker
from app.kernel.events import Event
from app.kernel.notices import by_code, by_type
from app.kernel.push import Channel
from app.notices import NOTICES

assert api.ROUTERS  # every feature's events are loaded
assert worker.TASKS


def tree(kind: type[Event] = Event) -> Iterator[type[Event]]:
    for child in kind.__subclasses__():
        yield child
        yield from tree(child)


def concrete() -> list[type[Event]]:
    """Return the facts of the application; those that tests make up have codes of `test.`."""
    named = (event for event in tree() if "code" in vars(event))
    return [event for event in named if event.__module__.startswith("app.")]


def test_every_fact_that_people_are_told_of_has_a_notice_and_no_other_has() -> None:
    told = {event.code for event in concrete() if event.lane is not None}

    assert {notice.event.code for notice in NOTICES} == told
    assert len(told) == len(NOTICES)


def test_facts_have_codes_of_their_own_that_name_their_feature() -> None:
    codes = [event.code for event in concrete()]

    assert len(codes) > 10
    assert sorted(set(codes)) == sorted(codes)
    for event in concrete():
        feature = event.__module__.split(".")[1]
        assert event.code.startswith(f"{feature}."), event
        assert len(event.code) <= 60, event
        assert len(event.subject_type) <= 20, event


def test_notices_are_found_by_fact_and_by_type() -> None:
    assert len(by_code(NOTICES)) == len(by_type(NOTICES)) == len(NOTICES)
    assert all(len(notice.type) <= 40 and notice.type.replace("_", "").isalpha() for notice in NOTICES)


def test_pushes_say_nothing_but_their_line() -> None:
    for notice in NOTICES:
        for line in (notice.title.vi, notice.title.en, notice.body.vi, notice.body.en):
            assert line.strip(), notice.type
            assert [name for _, name, _, _ in string.Formatter().parse(line) if name is not None] == [], notice.type
            assert "%" not in line, notice.type
            assert len(line) <= 100, notice.type
        assert notice.title.vi != notice.body.vi
        assert notice.channel in Channel
