"""Ten thousand ways to rewrite the log: none goes unseen where there is an anchor."""

import os
import random
from collections import Counter

from app.kernel.verifying import Fault
from tests.audit.ledger import TAMPERINGS, Ledger, tampered

ANCHORS_ALONE_TELL = {Fault.rewritten, Fault.cut_off}
TIMES = int(os.environ.get("SOTAY_TAMPERINGS", "2000"))
"""`scripts/check-audit` does 10,000 and more."""


def test_no_random_tampering_goes_unseen() -> None:
    chance = random.Random(20_261_122)  # noqa: S311 repeatable chance, no secret
    ledger = Ledger.of(chance, chains=3, length=6)
    anchored = ledger.heads()
    assert ledger.faults(anchored) == set()

    done: Counter[str] = Counter()
    unseen: Counter[str] = Counter()
    unseen_without_anchor: Counter[str] = Counter()
    for _ in range(TIMES):
        how, other = tampered(ledger, chance)
        done[how] += 1
        faults = other.faults(anchored)
        unseen[how] += not faults
        unseen_without_anchor[how] += faults <= ANCHORS_ALONE_TELL

    found = f"unseen: {unseen.total()}; without an anchor: {unseen_without_anchor.total()}"
    print(f"{TIMES} tamperings, {found}")  # noqa: T201 the figure that is promised
    assert +unseen == Counter()
    assert done.keys() == {f"{each.__name__}{anew}" for each in TAMPERINGS for anew in ("", ", made anew")}
    # Whoever may write can make the chains anew: that is what the anchor, kept elsewhere, is for.
    assert unseen_without_anchor["edit_fact, made anew"] > done["edit_fact, made anew"] / 2
    assert unseen_without_anchor["edit_fact"] == 0
