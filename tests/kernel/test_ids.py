"""Identifiers say when they were made, and rise."""

from datetime import UTC, datetime, timedelta

from app.kernel.ids import new_id

NOW = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)


def test_an_id_begins_with_its_millisecond() -> None:
    for step in range(500):
        moment = NOW + timedelta(milliseconds=step)
        made = new_id(moment)
        assert made.version == 7
        assert made.int >> 80 == round(moment.timestamp() * 1000)


def test_ids_of_one_unit_of_work_rise_and_differ() -> None:
    ids = [new_id(NOW, count=count) for count in range(4_096)]

    assert ids == sorted(ids)
    assert len(set(ids)) == 4_096
    assert {made.variant for made in ids} == {"specified in RFC 4122"}


def test_an_id_of_an_earlier_instant_is_smaller_whenever_it_is_made() -> None:
    later = new_id(NOW)

    assert new_id(NOW - timedelta(milliseconds=1)) < later < new_id(NOW + timedelta(milliseconds=1))
