"""Refusals of reorganisations."""

from app.kernel.errors import Conflict, NotFound
from app.kernel.i18n import Text


class ReorganisationNotFound(NotFound):
    title = Text(vi="Không tìm thấy phương án sắp xếp", en="There is no such reorganisation")


class ReorganisationNotPossible(Conflict):
    title = Text(vi="Không thể sắp xếp như vậy", en="This cannot be done to the organisations as they are")


class ReorganisationSettled(Conflict):
    title = Text(
        vi="Phương án này đã thực hiện, đã rút hoặc đã đến ngày",
        en="It was carried out or withdrawn, or its day has come",
    )
