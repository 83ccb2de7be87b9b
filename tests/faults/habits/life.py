"""What people do with their phones: members mostly write, answer and read; the secretary and the minute-taker lead.

Each habit looks at the phone's own store, as its owner does, and so may come too late. What asks for a version is
written by one of the two who lead only, so that they are never at odds.
"""

import itertools
from collections.abc import Callable, Iterator, Sequence

from tests.faults.habits import (
    activity,
    announcements,
    attendance,
    comments,
    documents,
    meetings,
    members,
    minutes,
    notices,
    polls,
    resolutions,
    tasks,
)
from tests.faults.habits.owner import Owner
from tests.faults.phone import Phone, Write

_IDEAS = 15

Weighted = tuple[tuple[int, Callable[[Owner], Write | None]], ...]
EVERYBODY: Weighted = (
    (20, activity.enter),
    (18, comments.write),
    (14, meetings.reply),
    (8, comments.support),
    (8, attendance.check_in),
    (5, notices.mark_read),
    (4, notices.read),
    (6, announcements.acknowledge),
    (3, announcements.look_at),
    (4, documents.bookmark),
    (6, polls.vote),
    (4, minutes.remark),
    (3, tasks.report),
    (3, activity.rewrite),
    (2, activity.withdraw),
    (3, comments.reword),
    (2, comments.delete),
    (1, members.go_away),
)
ORGANISERS: Weighted = (
    (6, meetings.schedule),
    (8, meetings.announce),
    (5, meetings.start),
    (3, meetings.end),
    (6, attendance.enter_guest),
    (6, tasks.give),
    (4, polls.draft),
    (4, polls.open_to_votes),
    (1, polls.close),
    (1, polls.discard),
)
SECRETARY: Weighted = (
    (14, activity.judge),
    (6, comments.answer),
    (5, meetings.edit),
    (2, meetings.postpone),
    (4, announcements.draft),
    (5, announcements.publish),
    (2, announcements.edit),
    (3, resolutions.draft),
    (5, resolutions.open_for_comments),
    (3, resolutions.revise),
    (2, tasks.change),
    (3, documents.upload),
)
MINUTE_TAKER: Weighted = (
    (6, attendance.take_roll),
    (4, minutes.write),
    (6, minutes.send),
)
OF_POSTS = {"secretary": (*ORGANISERS, *SECRETARY), "minute_taker": (*ORGANISERS, *MINUTE_TAKER)}
LEADING = 4
"""How much more often those who lead do so than all else."""


class Habits:
    """The habits of one person."""

    def __init__(self, phone: Phone, *, post: str | None, screens: dict[str, str], numbers: Iterator[int]) -> None:
        self.is_member = post is None
        self._owner = Owner(phone, screens=screens, numbers=numbers)
        self._habits = EVERYBODY + (OF_POSTS[post] * LEADING if post else ())

    def next(self) -> Write:
        """Return what comes into the person's head, and can be done as far as the phone knows."""
        weights = [weight for weight, _ in self._habits]
        for _, habit in self._owner.chance.choices(self._habits, weights, k=_IDEAS):
            write = habit(self._owner)
            if write is not None:
                return write
        return activity.enter(self._owner)


def numbers() -> Iterator[int]:
    """Numbers that nothing else in the village has."""
    return itertools.count(1)


def path_of(name: tuple[str, str]) -> str | None:
    """Where an object stands alone and has an ETag."""
    places = {
        "activity_entry": "activity-entries/{}",
        "announcement": "announcements/{}",
        "meeting": "meetings/{}",
        "minutes": "meetings/{}/minutes",
        "poll": "polls/{}",
        "resolution": "resolutions/{}",
        "roll": "meetings/{}/roll",
        "task": "tasks/{}",
    }
    place = places.get(name[0])
    return place and "/v1/" + place.format(name[1])


LISTS: Sequence[str] = ("/v1/me/meetings", "/v1/me/notifications", "/v1/me/announcements", "/v1/me/tasks")
