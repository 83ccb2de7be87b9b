"""The clock of a transfer: reminders on the days of the rule, what is overdue is shown, and nobody acts but people."""

from datetime import date

import pytest

from app.kernel.db import transaction
from app.rules import add_months, add_working_days
from app.transfers.overdue.service import remind_of_transfers
from app.worker import sweep_transfers
from tests.conftest import RolledBackDatabase
from tests.factories.clock import FakeClock
from tests.factories.meetings import SignedIn, inbox
from tests.factories.transfers import started, took
from tests.factories.world import World
from tests.worker import JobRunner


async def test_secretaries_are_reminded_on_the_days_of_the_rule_and_nothing_happens_by_itself(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock
) -> None:
    begin = clock.at
    transfer = await started(signed_in(world.secretary), world.member, world.branch_b)
    sent: dict[str, int] = {}
    # 30, 50 and 60 working days after the letter of 20 November.
    for day in ("2027-01-03", "2027-01-04", "2027-01-31", "2027-02-01", "2027-02-21", "2027-02-22", "2027-02-23"):
        clock.set(begin + (date.fromisoformat(day) - date(2026, 11, 22)))
        await sweep_transfers(jobs.office, 0)
        await sweep_transfers(jobs.office, 0)
        await jobs.run()
        sent[day] = len(jobs.sender.tokens("transfer_reminder"))
        seen = (await signed_in(world.sister_secretary).get(f"/v1/transfers/{transfer}")).json()
        overdue = (day > "2027-01-04", day > "2027-02-22")
        assert (seen["is_letter_overdue"], seen["is_overdue"], seen["status"]) == (*overdue, "started")
    assert list(sent.values()) == [0, 2, 2, 4, 4, 6, 6]
    told = set(jobs.sender.tokens("transfer_reminder"))
    assert told == {world.secretary.push_token, world.sister_secretary.push_token}
    item = (await inbox(signed_in(world.secretary)))[0]
    assert item["title"] == "Chuyển sinh hoạt chưa xong: Lê Văn Cường"
    assert item["body"] == ("Từ Chi bộ thôn Đông đến Chi bộ thôn Đoài. Đã 60 ngày làm việc kể từ ngày giấy giới thiệu")


async def test_after_a_standstill_only_the_latest_reminder_goes_out_and_none_once_decided(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock, database: RolledBackDatabase
) -> None:
    late = await started(signed_in(world.secretary), world.member, world.branch_b)
    decided = await started(signed_in(world.secretary), world.phoneless, world.branch_b)
    await jobs.run()
    clock.advance(days=75)
    await took(signed_in(world.sister_secretary), decided, "accept", received_on="2027-02-01")
    async with transaction(database) as session:
        assert await remind_of_transfers(session) == 2
    await took(signed_in(world.sister_secretary), late, "refuse", reason="Đã quá hạn")
    await jobs.run()
    # What was on its way to be told when the decision came is not told any more.
    assert jobs.sender.tokens("transfer_reminder") == []
    async with transaction(database) as session:
        assert await remind_of_transfers(session) == 0


@pytest.mark.parametrize(
    ("day", "count", "expected"),
    [
        ("2026-11-20", 1, "2026-11-23"),
        ("2026-11-22", 5, "2026-11-27"),
        ("2026-02-13", 1, "2026-02-23"),  # Tết
        ("2026-04-24", 1, "2026-04-28"),  # Hùng Vương on a Sunday
        ("2026-12-31", 1, "2027-01-04"),
        ("2031-12-31", 1, "2032-01-01"),  # a year that is not in the table: weekends only
    ],
)
def test_working_days_leave_out_weekends_and_the_holidays_of_the_table(day: str, count: int, expected: str) -> None:
    assert add_working_days(date.fromisoformat(day), count) == date.fromisoformat(expected)


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [("2026-11-30", 3, "2027-02-28"), ("2024-02-29", 12, "2025-02-28"), ("2026-12-15", 1, "2027-01-15")],
)
def test_months_end_with_their_last_day(day: str, months: int, expected: str) -> None:
    assert add_months(date.fromisoformat(day), months) == date.fromisoformat(expected)
    assert add_months(date.fromisoformat(day), 0) == date.fromisoformat(day)
