"""Who was admitted, by schooling, ethnicity and occupation: counts of the dossiers that say it, of all admitted."""

from collections.abc import Collection
from uuid import UUID

from app.reports.grounds import Groups, sum_of
from app.reports.percentages import Style, percent
from app.reports.schemas import Composition


def composition_of(admitted: Groups, of: Collection[UUID | None], count: int, style: Style) -> Composition:
    """Return the composition of some groups of ADMISSIONS, `count` people in all."""
    education, ethnicity, occupation = (
        sum_of(admitted, f"{trait}_known", of) for trait in ("education", "ethnicity", "occupation")
    )
    number = {
        name: sum_of(admitted, name, of)
        for name in (
            "upper_secondary",
            "college_or_university",
            "masters",
            "doctorate",
            "ethnic_minority",
            "farmers",
            "enterprise",
        )
    }

    def share(name: str, known: int) -> float | None:
        return percent(number[name], count, style) if known else None

    return Composition(
        education_known_count=education,
        upper_secondary_count=number["upper_secondary"],
        upper_secondary_percent=share("upper_secondary", education),
        college_or_university_count=number["college_or_university"],
        college_or_university_percent=share("college_or_university", education),
        masters_count=number["masters"],
        masters_percent=share("masters", education),
        doctorate_count=number["doctorate"],
        ethnicity_known_count=ethnicity,
        ethnic_minority_count=number["ethnic_minority"],
        ethnic_minority_percent=share("ethnic_minority", ethnicity),
        occupation_known_count=occupation,
        farmers_count=number["farmers"],
        farmers_percent=share("farmers", occupation),
        enterprise_count=number["enterprise"],
        enterprise_percent=share("enterprise", occupation),
    )
