"""Time zones: names that exist, and wall-clock times that exist in them."""

from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, Field

from app.kernel.fields import FieldError
from app.kernel.i18n import Locale, Text

_UNKNOWN = Text(
    vi="Không có múi giờ tên này; ví dụ Asia/Ho_Chi_Minh", en="No time zone of this name; try Asia/Ho_Chi_Minh"
)
_GAP = Text(
    vi="Giờ này không tồn tại ở {zone}: đồng hồ được vặn qua nó hôm đó",
    en="This time does not exist in {zone}: clocks skip it that day",
)
_TWICE = Text(
    vi="Giờ này có hai lần ở {zone} hôm đó; hãy gửi kèm độ lệch, ví dụ +02:00",
    en="This time happens twice in {zone} that day; send its offset, such as +02:00",
)


@lru_cache
def _names() -> frozenset[str]:
    # `localtime` is the machine's own, wherever that stands, and PostgreSQL has no zone of that name.
    return frozenset(available_timezones()) - {"localtime"}


def _known(name: str) -> str:
    if name not in _names():
        raise FieldError("time_zone_unknown", _UNKNOWN)
    return name


TimeZone = Annotated[str, Field(max_length=64), AfterValidator(_known)]
"""An IANA time-zone name."""


def to_instant(value: datetime, zone: str) -> datetime:
    """Return the instant in UTC of a time with an offset, or of a wall-clock time in the zone.

    Raises FieldError for a wall-clock time that the zone skips (DST gap) or has twice.
    """
    if value.tzinfo is not None:
        return value.astimezone(UTC)
    local = ZoneInfo(zone)
    early, late = (value.replace(tzinfo=local, fold=fold) for fold in (0, 1))
    if early.utcoffset() == late.utcoffset():
        return early.astimezone(UTC)
    if early.astimezone(UTC).astimezone(local).replace(tzinfo=None) != value:
        raise FieldError("time_does_not_exist", _GAP.format(zone=zone))
    raise FieldError("time_is_ambiguous", _TWICE.format(zone=zone))


def end_of_quiet_hours(now: datetime, zone: str, *, begins: time, ends: time) -> datetime | None:
    """Return when the quiet hours that hold at `now` in the zone end (UTC), or None when it is not quiet there."""
    local = now.astimezone(ZoneInfo(zone))
    clock = local.time()
    if ends <= clock < begins:
        return None
    day = local.date() + (timedelta(days=1) if clock >= begins else timedelta())
    return datetime.combine(day, ends, tzinfo=local.tzinfo).astimezone(UTC)


_WEEKDAYS = (
    Text(vi="thứ Hai", en="Monday"),
    Text(vi="thứ Ba", en="Tuesday"),
    Text(vi="thứ Tư", en="Wednesday"),
    Text(vi="thứ Năm", en="Thursday"),
    Text(vi="thứ Sáu", en="Friday"),
    Text(vi="thứ Bảy", en="Saturday"),
    Text(vi="Chủ nhật", en="Sunday"),
)


def say_instant(instant: datetime, *, zone: str, reader_zone: str, locale: Locale) -> str:
    """Say a time as people do, in the zone of the place; for a reader in another one, their own time beside it.

    `19:30 thứ Sáu, 04/12/2026 (13:30 thứ Sáu theo giờ Berlin)`
    """
    there = instant.astimezone(ZoneInfo(zone))
    said = f"{there:%H:%M} {_WEEKDAYS[there.weekday()].to(locale)}, {there:%d/%m/%Y}"
    here = instant.astimezone(ZoneInfo(reader_zone))
    if here.utcoffset() == there.utcoffset():
        return said
    city = reader_zone.rsplit("/", 1)[-1].replace("_", " ")
    own = Text(vi=" ({time} {day} theo giờ {city})", en=" ({time} {day}, {city} time)")
    return said + Text(
        vi=own.vi.format(time=f"{here:%H:%M}", day=_WEEKDAYS[here.weekday()].vi, city=city),
        en=own.en.format(time=f"{here:%H:%M}", day=_WEEKDAYS[here.weekday()].en, city=city),
    ).to(locale)
