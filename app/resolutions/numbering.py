"""The number an adopted resolution is quoted by."""

from app.organisations.models import OrganisationKind


def quoted_number(place: int, *, kind: OrganisationKind) -> str:
    """Return the number such as "Số 05-NQ/CB": its place in the organisation's year, and whose it is.

    A branch's is NQ/CB (chi bộ), a committee's of any level NQ/ĐU (đảng ủy).
    """
    return f"Số {place:02d}-NQ/{'CB' if kind is OrganisationKind.branch else 'ĐU'}"
