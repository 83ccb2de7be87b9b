"""What everybody was told, and how often."""

import time
from collections import Counter

from demo_month.branch import Branch
from demo_month.phone import Json, Phone, expect
from demo_month.telling import line, title

TOLD_WITHIN_SECONDS = 30
SETTLED_FOR_SECONDS = 0.5


def settled(branch: Branch) -> dict[str, set[str]]:
    """What everybody was told before; waits until the demonstration's own notices are all given out."""
    by_end = time.monotonic() + TOLD_WITHIN_SECONDS
    seen: dict[str, set[str]] = {}
    while True:
        items = {one.id: _inbox(one) for one in branch.phones.values()}
        now = {member: {str(item["id"]) for item in inbox} for member, inbox in items.items()}
        called = all(any(item["type"] == "meeting_announced" for item in inbox) for inbox in items.values())
        if called and now == seen:
            return now
        expect(time.monotonic() < by_end, "the demonstration's own notices are still being given out")
        seen = now
        time.sleep(SETTLED_FOR_SECONDS)


def everybody_was_told_once(branch: Branch) -> None:
    """No notice is missing, none is there twice."""
    title("Ai cũng được báo, mỗi việc một lần", "everybody was told, once of each")
    by_end = time.monotonic() + TOLD_WITHIN_SECONDS
    while not _all_missed_and_published(branch):
        expect(time.monotonic() < by_end, "somebody was not told of the published minutes")
        time.sleep(0.2)
    types: Counter[str] = Counter()
    for one in branch.phones.values():
        fresh = [item for item in _inbox(one) if item["id"] not in branch.before[one.id]]
        twice = [key for key, count in Counter((i["type"], i["link"], i["title"]) for i in fresh).items() if count > 1]
        expect(not twice, (one.name, twice))
        types.update({item["type"] for item in fresh})
    for kind, count in sorted(types.items()):
        line(f"{kind:<24} {count:>3} người · people")
    everybody = len(branch.phones)
    expect(types["meeting_announced"] == everybody, types)
    expect(types["resolution_opened"] == everybody, types)
    expect(types["minutes_published"] + types["meeting_missed"] == everybody, types)


def _all_missed_and_published(branch: Branch) -> bool:
    last = {"minutes_published", "meeting_missed"}
    return all(any(item["type"] in last for item in _inbox(one)) for one in branch.phones.values())


def what_berlin_saw(branch: Branch) -> None:
    """The member working away followed all of it."""
    title(f"{branch.away.name}, ở Berlin, đã theo dõi tất cả qua điện thoại", "the member in Berlin followed it all")
    fresh = [item for item in _inbox(branch.away) if item["id"] not in branch.before[branch.away.id]]
    for item in reversed(fresh):
        line(f"{item['type']:<20} {item['title']}: {item['body']}")
    for item in branch.away.everything("/me/activity"):
        line(f"· {item['summary']}")


def _inbox(one: Phone) -> list[Json]:
    return one.everything("/me/notifications")
