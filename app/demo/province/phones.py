"""Accounts, phones and visits of the province's members."""

import hashlib
import random
from collections.abc import Sequence
from datetime import datetime, timedelta

from app.demo.cast import HANOI
from app.demo.province.ledger import NULL, Id, Ledger
from app.demo.province.people import Person
from app.demo.province.shape import VISITS_SHOWN, Shape, at
from app.identity.sessions.service import SESSION_LIFETIME
from app.kernel.i18n import Locale
from app.kernel.push import Platform

INSTALLED = 0.93
VISITS_A_MONTH = (0, 0, 1, 2, 3, 5, 8, 12)
"""Of an account, drawn: about three in four are there within a month, nearly four times on average."""
IOS = 0.25
APP_VERSION = "1.4.0"


class Shop:
    """Gives members the app."""

    def __init__(self, ledger: Ledger, shape: Shape, chance: random.Random, *, password_hash: str) -> None:
        """Give every account the same password."""
        self._ledger = ledger
        self._shape = shape
        self._chance = chance
        self._hash = password_hash
        self._count = 0
        self._launched = at(shape.begins_on, 9)
        self._days = (shape.now - self._launched).days

    def equip(self, person: Person, *, always: bool) -> None:
        """Give somebody who can be reached an account, a phone, a session and the visits of the last months.

        Who needs a phone by their post `always` has the app. Sessions end after half a year: who has had the app for
        longer has signed in anew.
        """
        chance, ledger, now = self._chance, self._ledger, self._shape.now
        if person.phone is None or not (chance.random() < INSTALLED or always):
            return
        earliest = max(self._launched, at(min(person.admitted_on, self._shape.until - timedelta(days=3)), 9))
        begun = earliest + timedelta(hours=chance.randrange(8, max((now - earliest).days * 24 - 24, 9)))
        account = person.account = ledger.new_id(begun)
        installation = ledger.new_id(begun)
        self._count += 1
        platform = Platform.ios if chance.random() < IOS else Platform.android
        ledger.add("accounts", account, person.id, self._hash, begun)
        while now - begun > SESSION_LIFETIME:
            self._session(account, installation, platform, begun, [])
            begun += SESSION_LIFETIME + timedelta(hours=chance.randrange(6))
        if begun >= now:
            begun = now - timedelta(hours=1)
        seen = self._session(account, installation, platform, begun, self._visits(begun))
        ledger.add(
            "devices",
            ledger.new_id(begun),
            installation,
            account,
            platform,
            f"province:{self._count}",
            Locale.vi,
            HANOI,
            APP_VERSION,
            None,
            seen,
            begun,
        )

    def _visits(self, begun: datetime) -> list[datetime]:
        now = self._shape.now
        since = max(begun, now - VISITS_SHOWN)
        length = now - since
        a_month = self._chance.choice(VISITS_A_MONTH)
        count = round(a_month * length.days / 30)
        return sorted(since + length * self._chance.random() for _ in range(count))

    def _session(
        self, account: Id, installation: Id, platform: Platform, begun: datetime, visits: Sequence[datetime]
    ) -> datetime:
        """Write a session whose tokens were renewed at each visit; return when it was used last."""
        ledger = self._ledger
        made = ledger.new_id(begun)
        used = [begun, *visits]
        ledger.add("sessions", made, account, installation, platform, None, used[-1], begun + SESSION_LIFETIME, begun)
        # The tokens themselves are known to nobody: nobody goes on with these sessions.
        hashes = [f"\\\\x{hashlib.sha256(f'{made}{place}'.encode()).hexdigest()}" for place in range(len(used))]
        for place, at_ in enumerate(used):
            is_last = place == len(used) - 1
            child, renewed = (NULL, NULL) if is_last else (hashes[place + 1], str(used[place + 1]))
            ledger.put("refresh_tokens", f"{hashes[place]}\t{made}\t{child}\t{renewed}\t{at_}")
        return used[-1]
