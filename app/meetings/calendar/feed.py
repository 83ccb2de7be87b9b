"""The feed as calendar programs read it (RFC 5545): when and where, and nothing of what is on the agenda."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, Timezone, TimezoneDaylight, TimezoneStandard

NAME = "Sinh hoạt chi bộ"
ONLINE = "Họp trực tuyến"
REFRESH = timedelta(hours=1)
_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What a calendar on a foreign server may know of a meeting; instants are aware."""

    meeting_id: UUID
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    location: str
    sequence: int
    changed_at: datetime
    is_cancelled: bool


def say_location(*, place: str | None, online: bool) -> str:
    """Return the place, and that one may come online; never the address of the conference, which lets anybody in."""
    return " / ".join(part for part in (place, ONLINE if online else None) if part)


def write_feed(entries: Sequence[Entry], *, host: str) -> bytes:
    """Return the feed, the same bytes for the same entries; `host` makes the ids of events unique in the world."""
    calendar = Calendar()
    calendar.add("prodid", "-//So tay//So tay dang vien//VI")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", NAME)
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT1H")  # what Outlook reads instead
    for zone in sorted({entry.time_zone for entry in entries}):
        instants = [instant for entry in entries if entry.time_zone == zone for instant in _bounds(entry)]
        calendar.add_component(describe_zone(zone, since=min(instants), until=max(instants)))
    for entry in entries:
        calendar.add_component(_event(entry, host=host))
    written: bytes = calendar.to_ical()
    return written


def _bounds(entry: Entry) -> tuple[datetime, datetime]:
    return entry.starts_at, entry.ends_at


def _event(entry: Entry, *, host: str) -> Event:
    event = Event()
    event.add("uid", f"{entry.meeting_id}@{host}")
    event.add("dtstamp", entry.changed_at.astimezone(UTC))
    event.add("last-modified", entry.changed_at.astimezone(UTC))
    event.add("sequence", entry.sequence)
    event.add("summary", NAME)
    event.add("dtstart", _wall_time(entry.starts_at, entry.time_zone))
    event.add("dtend", _wall_time(entry.ends_at, entry.time_zone))
    event.add("location", entry.location)
    event.add("status", "CANCELLED" if entry.is_cancelled else "CONFIRMED")
    return event


def _wall_time(instant: datetime, zone: str) -> datetime:
    """Return the time that clocks show there, but UTC in the hour that they show twice.

    It would mean the first time (RFC 5545, 3.3.5), and ical.js takes it for the second.
    """
    local = instant.astimezone(ZoneInfo(zone))
    is_shown_twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    return instant.astimezone(UTC) if is_shown_twice else local


def describe_zone(zone: str, *, since: datetime, until: datetime) -> Timezone:
    """Describe a zone's offsets over the years that two instants lie in.

    Not by `Timezone.from_tzid`, which writes the onset of summer time in summer time: by RFC 5545, 3.6.5 it is told in
    the offset before it.
    """
    described = Timezone()
    described.add("tzid", zone)
    local = ZoneInfo(zone)
    begin = datetime(since.astimezone(UTC).year, 1, 1, tzinfo=UTC)
    end = datetime(until.astimezone(UTC).year + 1, 1, 1, tzinfo=UTC)
    for onset, before in ((begin, begin), *_transitions(local, begin, end)):
        after = onset.astimezone(local)
        offset_before = before.astimezone(local).utcoffset()
        part = TimezoneDaylight() if after.dst() else TimezoneStandard()
        part.add("dtstart", onset.replace(tzinfo=None) + (offset_before or timedelta()))
        part.add("tzoffsetfrom", offset_before)
        part.add("tzoffsetto", after.utcoffset())
        part.add("tzname", after.tzname())
        described.add_component(part)
    return described


def _transitions(zone: ZoneInfo, begin: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield the first instant of each new offset, with the last second of the old one; no zone changes twice a day."""
    for day in _days(begin, end):
        before, onset = day, day + _DAY
        old = before.astimezone(zone).utcoffset()
        if onset.astimezone(zone).utcoffset() == old:
            continue
        while onset - before > _SECOND:
            middle = before + (onset - before) // _SECOND // 2 * _SECOND
            before, onset = (middle, onset) if middle.astimezone(zone).utcoffset() == old else (before, middle)
        yield onset, before


def _days(begin: datetime, end: datetime) -> Iterable[datetime]:
    return (begin + _DAY * count for count in range((end - begin).days))
