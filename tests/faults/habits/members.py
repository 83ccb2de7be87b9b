"""Times away."""

from datetime import timedelta

from tests.faults.habits.owner import Owner
from tests.faults.phone import Write


def go_away(owner: Owner) -> Write:
    words = owner.words("Berlin")
    begin = owner.today() + timedelta(days=owner.chance.randrange(30, 20_000))
    days = {"starts_on": f"{begin}", "ends_on": f"{begin}"}
    body = {**days, "place": words, "time_zone": "Europe/Berlin"}
    path = f"members/{owner.me}/away-periods"
    return owner.make("away_periods", path, body, words, "members.away_period_entered", names_itself=False)
