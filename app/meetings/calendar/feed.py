"""The feed as calendar programs read it (RFC 5545): when and where, and nothing of what is on the agenda.

Written by hand: reading in the library for it takes a twentieth of every start. The tests read the feed back with it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

NAME = "Sinh hoạt chi bộ"
ONLINE = "Họp trực tuyến"
MOST_OCTETS = 75
"""Of a line (RFC 5545, 3.1); what is longer goes on in the next one, behind a blank."""
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
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//So tay//So tay dang vien//VI",
        "METHOD:PUBLISH",
        f"X-WR-CALNAME:{NAME}",
        "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
        "X-PUBLISHED-TTL:PT1H",  # what Outlook reads instead
    ]
    for zone in sorted({entry.time_zone for entry in entries}):
        instants = [instant for entry in entries if entry.time_zone == zone for instant in _bounds(entry)]
        lines += describe_zone(zone, since=min(instants), until=max(instants))
    for entry in entries:
        lines += _event(entry, host=host)
    lines.append("END:VCALENDAR")
    return "".join(f"{part}\r\n" for line in lines for part in _folded(line)).encode()


def _bounds(entry: Entry) -> tuple[datetime, datetime]:
    return entry.starts_at, entry.ends_at


def _event(entry: Entry, *, host: str) -> list[str]:
    changed_at = _instant(entry.changed_at)
    return [
        "BEGIN:VEVENT",
        f"SUMMARY:{NAME}",
        f"DTSTART{_wall_time(entry.starts_at, entry.time_zone)}",
        f"DTEND{_wall_time(entry.ends_at, entry.time_zone)}",
        f"DTSTAMP:{changed_at}",
        f"UID:{entry.meeting_id}@{host}",
        f"SEQUENCE:{entry.sequence}",
        f"LAST-MODIFIED:{changed_at}",
        f"LOCATION:{_escaped(entry.location)}",
        f"STATUS:{'CANCELLED' if entry.is_cancelled else 'CONFIRMED'}",
        "END:VEVENT",
    ]


def _wall_time(instant: datetime, zone: str) -> str:
    """Return the time that clocks show there, but UTC in the hour that they show twice.

    It would mean the first time (RFC 5545, 3.3.5), and ical.js takes it for the second.
    """
    local = instant.astimezone(ZoneInfo(zone))
    is_shown_twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    # No zone's name has a sign that would want quotes.
    return f":{_instant(instant)}" if is_shown_twice or zone == "UTC" else f";TZID={zone}:{local:%Y%m%dT%H%M%S}"


def _instant(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _offset(offset: timedelta) -> str:
    minutes, seconds = divmod(abs(offset) // _SECOND, 60)
    sign = "-" if offset < timedelta() else "+"
    return f"{sign}{minutes // 60:02}{minutes % 60:02}" + (f"{seconds:02}" if seconds else "")


def _escaped(text: str) -> str:
    """Return a text's value (RFC 5545, 3.3.11)."""
    for sign in "\\;,":
        text = text.replace(sign, f"\\{sign}")
    return text.replace("\r\n", "\\n").replace("\n", "\\n")


def _folded(line: str) -> Iterator[str]:
    """Yield the lines that one too long is told in; no letter is cut."""
    part, octets = "", 0
    for letter in line:
        size = len(letter.encode())
        if octets + size > MOST_OCTETS:
            yield part
            part, octets = " ", 1
        part, octets = part + letter, octets + size
    yield part


def describe_zone(zone: str, *, since: datetime, until: datetime) -> list[str]:
    """Return the lines that describe a zone's offsets over the years that two instants lie in.

    The onset of summer time is told in the offset before it (RFC 5545, 3.6.5).
    """
    lines = ["BEGIN:VTIMEZONE", f"TZID:{zone}"]
    local = ZoneInfo(zone)
    begin = datetime(since.astimezone(UTC).year, 1, 1, tzinfo=UTC)
    end = datetime(until.astimezone(UTC).year + 1, 1, 1, tzinfo=UTC)
    for onset, before in ((begin, begin), *_transitions(local, begin, end)):
        after = onset.astimezone(local)
        offset_before = before.astimezone(local).utcoffset() or timedelta()
        kind = "DAYLIGHT" if after.dst() else "STANDARD"
        lines += [
            f"BEGIN:{kind}",
            f"DTSTART:{onset + offset_before:%Y%m%dT%H%M%S}",
            f"TZNAME:{after.tzname()}",
            f"TZOFFSETFROM:{_offset(offset_before)}",
            f"TZOFFSETTO:{_offset(after.utcoffset() or timedelta())}",
            f"END:{kind}",
        ]
    return [*lines, "END:VTIMEZONE"]


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
