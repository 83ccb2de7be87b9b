"""Facts about polls that went to a successor."""

from typing import ClassVar

from app.organisations.succession.events import PapersHandedOver


class PollsHandedOver(PapersHandedOver):
    """They were not opened yet: the successor's electorate will vote."""

    code = "polls.handed_over"
    object_type: ClassVar[str] = "poll"
