"""Facts of privacy; none says what stood in a record."""

from app.kernel.events import Event


class DataExported(Event):
    """A member took all that is kept about them."""

    code = "privacy.data_exported"
    subject_type = "member"
