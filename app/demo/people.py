"""Invented members that fill the branches: Faker's Vietnamese names, with the same seed every time."""

from dataclasses import dataclass
from datetime import date, timedelta

from faker import Faker

from app.demo.cast import HANOI, SYDNEY, Character
from app.members.models import Sex

SEED = 1945
APPLESS_EVERY = 7
PROBATIONARY_EVERY = 9
PROBATION = timedelta(days=365)
EARLIEST_BIRTH, LATEST_BIRTH = 1948, 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Invented:
    """A person to be written down; `time_zone` and `platform` are their phone's, where the app is on it."""

    full_name: str
    branch: str
    sex: Sex
    born_on: date
    card_number: str
    admitted_on: date
    official_on: date | None
    phone: str | None
    has_app: bool
    time_zone: str
    platform: str


class Inventor:
    """Makes up people one after the other; two inventors make the same ones."""

    def __init__(self, today: date) -> None:
        """Count probation back from `today`."""
        self._today = today
        self._fake = Faker("vi_VN")
        self._fake.seed_instance(SEED)
        self._count = 0

    def portray(self, character: Character) -> Invented:
        """Give one of the cast a birthday, a card and dates of admission."""
        return self._person(
            full_name=character.full_name,
            sex=Sex(character.sex),
            branch=character.branch,
            official=character.official,
            phone=character.phone,
            has_app=character.phone is not None,
            time_zone=character.time_zone,
            platform=character.platform,
        )

    def invent(self, count: int, *, branch: str) -> list[Invented]:
        """Make up members of a branch; the first one's phone is on a visit to Sydney, some phones only ring."""
        made = []
        for place in range(count):
            female = self._fake.random.random() < 0.4  # noqa: PLR2004 two in five
            given = self._fake.first_name_female() if female else self._fake.first_name_male()
            middle = "Thị" if female else self._fake.random.choice(("Văn", "Đức", "Quang", "Hữu", "Xuân", "Minh"))
            made.append(
                self._person(
                    full_name=f"{self._fake.last_name()} {middle} {given}",
                    sex=Sex.female if female else Sex.male,
                    branch=branch,
                    official=place % PROBATIONARY_EVERY != PROBATIONARY_EVERY - 1,
                    phone=f"+84900001{self._count:03d}",
                    has_app=place % APPLESS_EVERY != APPLESS_EVERY - 1,
                    time_zone=SYDNEY if place == 0 else HANOI,
                    platform="ios" if place % 4 == 0 else "android",
                )
            )
        return made

    def _person(
        self,
        *,
        full_name: str,
        sex: Sex,
        branch: str,
        official: bool,
        phone: str | None,
        has_app: bool,
        time_zone: str,
        platform: str,
    ) -> Invented:
        random = self._fake.random
        self._count += 1
        if official:
            born_on = date(random.randint(EARLIEST_BIRTH, LATEST_BIRTH), random.randint(1, 12), random.randint(1, 28))
            admitted_on = date(born_on.year + random.randint(20, 24), random.randint(1, 12), random.choice((3, 19, 26)))
            official_on = admitted_on.replace(year=admitted_on.year + 1)
        else:
            born_on = date(random.randint(LATEST_BIRTH - 5, LATEST_BIRTH), random.randint(1, 12), 12)
            admitted_on = self._today - timedelta(days=random.randint(60, PROBATION.days - 60))
            official_on = None
        return Invented(
            full_name=full_name,
            branch=branch,
            sex=sex,
            born_on=born_on,
            card_number=f"990{self._count:05d}",
            admitted_on=admitted_on,
            official_on=official_on,
            phone=phone,
            has_app=has_app,
            time_zone=time_zone,
            platform=platform,
        )
