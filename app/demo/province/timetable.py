"""When a branch meets, month after month."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.demo.province.shape import Shape, at
from app.meetings.models import (
    MeetingKind,
)

HOURS = (7, 14, 19)


@dataclass(frozen=True, slots=True)
class Time:
    """When a branch meets: the instant, and whether it is the month's first meeting."""

    starts_at: datetime
    is_first: bool

    @property
    def kind(self) -> MeetingKind:
        """Return what is held: the regular meeting comes first."""
        return MeetingKind.regular if self.is_first else MeetingKind.thematic


def schedule(shape: Shape, chance: random.Random) -> Iterator[Time]:
    """Yield the times of a branch's meetings, from its second month to the month after the present one.

    A branch keeps to its day of the month and its hour. The one after the present is always among them.
    """
    usual, hour = chance.randint(2, 9), chance.choice(HOURS)
    months = shape.months[1:]
    for place, month in enumerate(months):
        count = int((place + 1) * shape.meetings_factor) - int(place * shape.meetings_factor)
        for number in range(count):
            day = month + timedelta(days=usual - 1 + number * 20 // count)
            yield Time(at(day, hour, 30), is_first=number == 0)
    following = (shape.months[-1] + timedelta(days=32)).replace(day=usual)
    yield Time(at(following, hour, 30), is_first=True)


def title_of(time: Time) -> str:
    """Return what the meeting is called: a month's first is the regular one, any other thematic."""
    kind = "thường kỳ" if time.is_first else "chuyên đề"
    return f"Sinh hoạt chi bộ {kind} tháng {time.starts_at.month}"
