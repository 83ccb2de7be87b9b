"""One month of a branch over HTTP: from the draft on the 20th to the published minutes, each step said and checked."""

import argparse
import re
import time
from pathlib import Path

import httpx

from demo_month import meetings, notices, papers, polls, resolutions
from demo_month.branch import Branch
from demo_month.phone import Broken
from demo_month.telling import line

READY_WITHIN_SECONDS = 120


def live(branch: Branch) -> None:
    """Live through the month."""
    branch.before = notices.settled(branch)
    meetings.draft_and_announce(branch)
    meetings.reply(branch)
    resolutions.comment(branch)
    resolutions.revise(branch)
    meetings.meet(branch)
    polls.vote(branch)
    meetings.give_tasks_and_end(branch)
    papers.write_minutes(branch)
    papers.look_at_the_papers(branch)
    meetings.next_month(branch)
    notices.everybody_was_told_once(branch)
    notices.what_berlin_saw(branch)


def wait_until_ready(url: str) -> None:
    """Wait for the service; raise SystemExit when it does not come."""
    by_end = time.monotonic() + READY_WITHIN_SECONDS
    while time.monotonic() < by_end:
        try:
            if httpx.get(f"{url}/readyz", timeout=2).status_code == httpx.codes.OK:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.2)
    raise SystemExit(f"{url} was not ready within {READY_WITHIN_SECONDS} s")


def main() -> None:
    """Play the month on a demonstration that was just started."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--out", type=Path, default=Path(), help="where papers and pictures of their pages are kept")
    parser.add_argument(
        "--pushes", type=Path, help="what the service prints: pushes to the member in Berlin are counted"
    )
    given = parser.parse_args()
    wait_until_ready(given.url)
    try:
        branch = Branch(given.url, given.out)
        live(branch)
    except Broken as broken:
        raise SystemExit(f"✗ Không đạt · it does not hold: {broken}") from broken
    if given.pushes is not None:
        pushes = re.findall(r"┌─ .*", given.pushes.read_text(encoding="utf-8"))
        to_berlin = [push for push in pushes if branch.away.name in push]
        line(f"{len(pushes)} thông báo tới điện thoại, {len(to_berlin)} tới Berlin · pushes, of which to Berlin")
    line("✓ Đạt tất cả · all of it held")
    line(f"giấy tờ và ảnh từng trang · papers and pictures of their pages: {given.out.resolve()}")


if __name__ == "__main__":
    main()
