"""The flag of domain.md 9."""

from app.rules import RuleSet


def may_be_proposed_for_removal(*, unexcused_months: int, rules: RuleSet) -> bool:
    """Say whether the branch may propose a removal: so many different months of a year absent without good reason.

    The software flags and changes nothing. Unpaid dues, the rule's other ground, are not known to it.
    """
    return unexcused_months >= rules.removal_after_months
