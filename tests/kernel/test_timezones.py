"""Time zones: wall clocks that skip and repeat, quiet hours, and times as people say them."""

from datetime import UTC, datetime, time
from typing import Annotated

import pytest
from pydantic import AfterValidator, BaseModel, ValidationError

from app.kernel.fields import FieldError
from app.kernel.i18n import Locale
from app.kernel.schemas import AwareInstant
from app.kernel.timezones import TimeZone, end_of_quiet_hours, say_instant, to_instant

HANOI, BERLIN = "Asia/Ho_Chi_Minh", "Europe/Berlin"
FROM, UNTIL = time(22), time(6)


class Place(BaseModel):
    zone: TimeZone
    at: Annotated[AwareInstant | None, AfterValidator(lambda value: value)] = None


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("wall", "zone", "instant"),
    [
        ("2026-12-04T19:30:00", HANOI, "2026-12-04T12:30:00+00:00"),
        ("2026-12-04T19:30:00", BERLIN, "2026-12-04T18:30:00+00:00"),
        ("2026-07-04T19:30:00", BERLIN, "2026-07-04T17:30:00+00:00"),
        ("2026-12-04T19:30:00+07:00", BERLIN, "2026-12-04T12:30:00+00:00"),
        ("2026-12-04T12:30:00Z", HANOI, "2026-12-04T12:30:00+00:00"),
        ("2026-03-29T01:59:59", BERLIN, "2026-03-29T00:59:59+00:00"),
        ("2026-03-29T03:00:00", BERLIN, "2026-03-29T01:00:00+00:00"),
        ("2026-10-25T01:59:59", BERLIN, "2026-10-24T23:59:59+00:00"),
        ("2026-10-25T03:00:00", BERLIN, "2026-10-25T02:00:00+00:00"),
        ("2026-10-25T02:30:00+02:00", BERLIN, "2026-10-25T00:30:00+00:00"),
        ("2026-10-25T02:30:00+01:00", BERLIN, "2026-10-25T01:30:00+00:00"),
        ("2026-03-29T02:30:00+01:00", BERLIN, "2026-03-29T01:30:00+00:00"),
    ],
)
def test_a_time_is_the_instant_it_means(wall: str, zone: str, instant: str) -> None:
    assert to_instant(at(wall), zone) == at(instant)
    assert to_instant(at(wall), zone).tzinfo is UTC


@pytest.mark.parametrize(
    ("wall", "zone"),
    [
        ("2026-03-29T02:00:00", BERLIN),
        ("2026-03-29T02:59:59", BERLIN),
        ("2026-03-08T02:30:00", "America/New_York"),
        ("2011-12-30T12:00:00", "Pacific/Apia"),  # a whole day that was skipped
    ],
)
def test_a_time_that_clocks_skip_is_refused_by_name(wall: str, zone: str) -> None:
    with pytest.raises(FieldError) as refused:
        to_instant(at(wall), zone)

    assert refused.value.code == "time_does_not_exist"
    assert zone in refused.value.text.vi
    assert zone in refused.value.text.en


@pytest.mark.parametrize("wall", ["2026-10-25T02:00:00", "2026-10-25T02:59:59"])
def test_a_time_that_comes_twice_is_refused_and_the_way_out_is_told(wall: str) -> None:
    with pytest.raises(FieldError) as refused:
        to_instant(at(wall), BERLIN)

    assert refused.value.code == "time_is_ambiguous"
    assert "+02:00" in refused.value.text.vi


@pytest.mark.parametrize("name", [HANOI, BERLIN, "UTC", "America/Argentina/Buenos_Aires"])
def test_names_of_zones_are_taken(name: str) -> None:
    assert Place(zone=name).zone == name


@pytest.mark.parametrize(
    "name", ["", "GMT+7", "Hanoi", "asia/ho_chi_minh", "localtime", "/etc/localtime", "../UTC", "A" * 65]
)
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(ValidationError):
        Place(zone=name)


@pytest.mark.parametrize(
    "value", ["2026-12-04T12:30:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-13-01T00:00:00Z"]
)
def test_an_instant_needs_an_offset_and_a_place_in_time(value: str) -> None:
    with pytest.raises(ValidationError):
        Place.model_validate({"zone": "UTC", "at": value})


def test_an_instant_is_kept_in_utc() -> None:
    assert Place.model_validate({"zone": "UTC", "at": "2026-12-04T19:30:00+07:00"}).at == at("2026-12-04T12:30:00Z")


@pytest.mark.parametrize(
    ("now", "zone", "ends"),
    [
        ("2026-11-22T14:59:59Z", HANOI, None),  # 21:59:59
        ("2026-11-22T15:00:00Z", HANOI, "2026-11-22T23:00:00Z"),  # 22:00 → 06:00 of the next day
        ("2026-11-22T16:59:59Z", HANOI, "2026-11-22T23:00:00Z"),  # one second before midnight
        ("2026-11-22T17:00:00Z", HANOI, "2026-11-22T23:00:00Z"),  # midnight
        ("2026-11-22T22:59:59Z", HANOI, "2026-11-22T23:00:00Z"),
        ("2026-11-22T23:00:00Z", HANOI, None),  # 06:00
        ("2026-11-22T01:00:00Z", BERLIN, "2026-11-22T05:00:00Z"),  # 02:00, while it is 08:00 in Hà Nội
        ("2026-11-22T21:00:00Z", BERLIN, "2026-11-23T05:00:00Z"),
        ("2026-11-22T20:59:59Z", BERLIN, None),
        ("2026-07-01T20:00:00Z", BERLIN, "2026-07-02T04:00:00Z"),  # summer time
        ("2026-03-28T22:00:00Z", BERLIN, "2026-03-29T04:00:00Z"),  # the night that lacks an hour
        ("2026-10-24T21:00:00Z", BERLIN, "2026-10-25T05:00:00Z"),  # the night that has one more
        ("2026-12-31T16:00:00Z", HANOI, "2026-12-31T23:00:00Z"),  # across the year
    ],
)
def test_quiet_hours_end_at_six_where_the_phone_is(now: str, zone: str, ends: str | None) -> None:
    assert end_of_quiet_hours(at(now), zone, begins=FROM, ends=UNTIL) == (at(ends) if ends else None)


@pytest.mark.parametrize(
    ("reader", "locale", "said"),
    [
        (HANOI, Locale.vi, "19:30 thứ Sáu, 04/12/2026"),
        (HANOI, Locale.en, "19:30 Friday, 04/12/2026"),
        ("Asia/Bangkok", Locale.vi, "19:30 thứ Sáu, 04/12/2026"),  # the same clock needs no second time
        (BERLIN, Locale.vi, "19:30 thứ Sáu, 04/12/2026 (13:30 thứ Sáu theo giờ Berlin)"),
        (BERLIN, Locale.en, "19:30 Friday, 04/12/2026 (13:30 Friday, Berlin time)"),
        ("America/New_York", Locale.vi, "19:30 thứ Sáu, 04/12/2026 (07:30 thứ Sáu theo giờ New York)"),
        ("Pacific/Auckland", Locale.vi, "19:30 thứ Sáu, 04/12/2026 (01:30 thứ Bảy theo giờ Auckland)"),
    ],
)
def test_a_time_is_said_as_people_say_it(reader: str, locale: Locale, said: str) -> None:
    assert say_instant(at("2026-12-04T12:30:00Z"), zone=HANOI, reader_zone=reader, locale=locale) == said


def test_every_weekday_has_its_name() -> None:
    days = [
        say_instant(at(f"2026-11-{day}T01:00:00Z"), zone=HANOI, reader_zone=HANOI, locale=Locale.vi)
        for day in range(23, 30)
    ]

    assert [said[6:].split(",")[0] for said in days] == [
        "thứ Hai",
        "thứ Ba",
        "thứ Tư",
        "thứ Năm",
        "thứ Sáu",
        "thứ Bảy",
        "Chủ nhật",
    ]
