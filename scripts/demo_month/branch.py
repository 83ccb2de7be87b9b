"""The branch: its people with their phones, and what the month has made so far."""

from pathlib import Path

from demo_month.phone import Broken, Json, Phone, expect

SECRETARY, MINUTE_TAKER, MEMBER, AWAY, PROBATIONARY = (f"+8490000000{number}" for number in range(1, 6))
INVENTED = "+84900001"


class Branch:
    """Those who have the app are signed in; each chapter leaves behind what the next one needs."""

    before: dict[str, set[str]]
    """The notices that everybody had before the month, by member."""
    meeting: str
    resolution: str
    comments: list[str]
    poll: str
    task: Json
    absent: Phone
    present: list[Phone]

    def __init__(self, url: str, out: Path) -> None:
        """Sign everybody in who has the app."""
        self.url, self.out = url, out
        self.secretary = Phone(url, SECRETARY)
        self.minute_taker = Phone(url, MINUTE_TAKER)
        self.member = Phone(url, MEMBER)
        self.away = Phone(url, AWAY)
        self.probationary = Phone(url, PROBATIONARY)
        self.id = str(self.secretary.me["organisation"]["id"])
        people = self.secretary.everything(f"/organisations/{self.id}/members")
        self.names = {person["id"]: person["full_name"] for person in people}
        cast = (self.secretary, self.minute_taker, self.member, self.away, self.probationary)
        phones = {phone.id: phone for phone in cast}
        self.official = {
            person["id"]
            for person in people
            if any(standing["kind"] == "official" and standing["ends_on"] is None for standing in person["standings"])
        }
        # The list masks all but the last digits; the invented members' numbers differ in those alone.
        for person in people:
            if person["phone"] is not None and person["id"] not in phones:
                try:
                    found = Phone(url, INVENTED + person["phone"][-3:])
                except Broken:
                    continue  # a telephone that only rings: its owner is told by text messages
                expect(found.id == person["id"], found.me)
                phones[found.id] = found
        self.phones = phones
        self.phoneless = [member for member in self.names if member not in phones]
