"""What calendar programs read: bytes as RFC 5545 wants them, and the same instants in every zone."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar, Component, Timezone

from app.meetings.calendar.feed import Entry, describe_zone, say_location, write_feed

MEETING = UUID("01a20554-aa22-7cf5-97ba-64575c030d6e")
STARTS_AT = datetime(2026, 12, 4, 12, 30, tzinfo=UTC)


def entry(
    starts_at: datetime = STARTS_AT,
    *,
    time_zone: str = "Asia/Ho_Chi_Minh",
    location: str = "Nhà văn hóa thôn Đông",
    minutes: int = 90,
) -> Entry:
    return Entry(
        meeting_id=MEETING,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=minutes),
        time_zone=time_zone,
        location=location,
        sequence=1,
        changed_at=datetime(2026, 11, 22, 1, 0, tzinfo=UTC),
        is_cancelled=False,
    )


def read(*entries: Entry) -> Component:
    return Calendar.from_ical(write_feed(entries, host="sotay.test"))


def test_an_event_is_written_letter_by_letter() -> None:
    assert write_feed([entry()], host="sotay.test").decode().split("\r\n") == [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//So tay//So tay dang vien//VI",
        "METHOD:PUBLISH",
        "X-WR-CALNAME:Sinh hoạt chi bộ",
        "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
        "X-PUBLISHED-TTL:PT1H",
        "BEGIN:VTIMEZONE",
        "TZID:Asia/Ho_Chi_Minh",
        "BEGIN:STANDARD",
        "DTSTART:20260101T070000",
        "TZNAME:+07",
        "TZOFFSETFROM:+0700",
        "TZOFFSETTO:+0700",
        "END:STANDARD",
        "END:VTIMEZONE",
        "BEGIN:VEVENT",
        "SUMMARY:Sinh hoạt chi bộ",
        "DTSTART;TZID=Asia/Ho_Chi_Minh:20261204T193000",
        "DTEND;TZID=Asia/Ho_Chi_Minh:20261204T210000",
        "DTSTAMP:20261122T010000Z",
        "UID:01a20554-aa22-7cf5-97ba-64575c030d6e@sotay.test",
        "SEQUENCE:1",
        "LAST-MODIFIED:20261122T010000Z",
        "LOCATION:Nhà văn hóa thôn Đông",
        "STATUS:CONFIRMED",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ]


def test_a_long_place_is_escaped_folded_between_letters_and_read_back_whole() -> None:
    place = "Hội trường UBND xã Yên Mô; tầng 2, phòng \\ họp \nsố 3 – lối cổng Đông, đường liên thôn " * 3
    written = write_feed([entry(location=place)], host="sotay.test")
    assert b"\n" not in written.replace(b"\r\n", b"")
    assert b"\r" not in written.replace(b"\r\n", b"")
    lines = written.split(b"\r\n")
    assert max(len(line) for line in lines) <= 75
    assert sum(line.startswith(b" ") for line in lines) > 3
    for line in lines:
        line.decode()  # no letter is cut in two
    unfolded = written.replace(b"\r\n ", b"").decode()
    assert "LOCATION:Hội trường UBND xã Yên Mô\\; tầng 2\\, phòng \\\\ họp \\nsố 3" in unfolded
    [event] = Calendar.from_ical(written).walk("VEVENT")
    assert event["LOCATION"] == place


@pytest.mark.parametrize(
    ("place", "online", "said"),
    [
        ("Nhà văn hóa", False, "Nhà văn hóa"),
        ("Nhà văn hóa", True, "Nhà văn hóa / Họp trực tuyến"),
        (None, True, "Họp trực tuyến"),
    ],
)
def test_place_says_that_one_may_come_online_and_not_where(place: str | None, online: bool, said: str) -> None:  # noqa: FBT001 a case
    assert say_location(place=place, online=online) == said


# Berlin's clocks go from 02:00 to 03:00 at 01:00 UTC on 29 March 2026, and back at 01:00 UTC on 25 October.
AROUND = (
    datetime(2026, 3, 28, 18, 30, tzinfo=UTC),
    datetime(2026, 3, 29, 0, 59, tzinfo=UTC),
    datetime(2026, 3, 29, 1, 0, tzinfo=UTC),
    datetime(2026, 3, 29, 17, 30, tzinfo=UTC),
    datetime(2026, 10, 24, 17, 30, tzinfo=UTC),
    datetime(2026, 10, 25, 0, 30, tzinfo=UTC),  # 02:30, the first time
    datetime(2026, 10, 25, 1, 30, tzinfo=UTC),  # 02:30, the second time
    datetime(2026, 10, 25, 18, 30, tzinfo=UTC),
    datetime(2027, 3, 28, 17, 30, tzinfo=UTC),
)


def test_meetings_around_a_change_of_clocks_are_read_back_as_the_same_instants() -> None:
    events = read(*(entry(at, time_zone="Europe/Berlin") for at in AROUND)).walk("VEVENT")
    assert [event.decoded("DTSTART").astimezone(UTC) for event in events] == list(AROUND)
    assert [event.decoded("DTEND").astimezone(UTC) for event in events] == [at + timedelta(minutes=90) for at in AROUND]


def test_an_hour_that_clocks_show_twice_is_told_in_utc() -> None:
    written = write_feed([entry(at, time_zone="Europe/Berlin", minutes=10) for at in AROUND[5:7]], host="x").decode()
    assert re.findall(r"DTSTART[;:].*?(\d{8}T\d{6}Z?)\r", written)[-2:] == ["20261025T003000Z", "20261025T013000Z"]


def _read_zone(zone: Timezone) -> Callable[[datetime], timedelta]:
    """The offset of the observance whose onset is the last before a local time (RFC 5545, 3.6.5)."""
    onsets = sorted((part.decoded("DTSTART"), part.decoded("TZOFFSETTO")) for part in zone.subcomponents)

    def offset_at(wall: datetime) -> timedelta:
        offset: timedelta = next(offset for onset, offset in reversed(onsets) if onset <= wall)
        return offset

    return offset_at


@pytest.mark.parametrize(
    "name",
    ["Europe/Berlin", "Asia/Ho_Chi_Minh", "America/New_York", "Africa/Casablanca", "Australia/Lord_Howe", "UTC"],
)
def test_a_zone_described_holds_at_each_hour_of_its_years(name: str) -> None:
    offset_at = _read_zone(describe_zone(name, since=AROUND[0], until=AROUND[-1]))
    local = ZoneInfo(name)
    at = datetime(2026, 1, 1, tzinfo=UTC)
    while at < datetime(2027, 12, 31, tzinfo=UTC):
        there = at.astimezone(local)
        gone_back = there.replace(fold=1 - there.fold).utcoffset() != there.utcoffset()
        if not gone_back:  # an hour shown twice is told in UTC
            assert offset_at(there.replace(tzinfo=None)) == there.utcoffset(), at
        at += timedelta(hours=1)


def test_the_onset_of_summer_time_is_told_in_the_offset_before_it() -> None:
    written = describe_zone("Europe/Berlin", since=AROUND[0], until=AROUND[4]).to_ical().decode()
    assert re.findall(r"BEGIN:(\w+)\r\nDTSTART:(\w+)\r", written) == [
        ("STANDARD", "20260101T010000"),
        ("DAYLIGHT", "20260329T020000"),
        ("STANDARD", "20261025T030000"),
    ]


def test_each_zone_is_described_once_and_the_bytes_depend_on_the_entries_only() -> None:
    entries = [entry(), entry(AROUND[0], time_zone="Europe/Berlin"), entry(AROUND[3], time_zone="Europe/Berlin")]
    assert [zone["TZID"] for zone in read(*entries).walk("VTIMEZONE")] == ["Asia/Ho_Chi_Minh", "Europe/Berlin"]
    assert write_feed(entries, host="a") == write_feed(entries, host="a") != write_feed(entries, host="b")
