"""Days that contradict a life or a membership, as field problems say it."""

from app.kernel.errors import FieldProblem
from app.kernel.i18n import Text

Wrong = tuple[str, Text]
"""A stable code and a sentence."""

IN_FUTURE: Wrong = ("date_in_future", Text(vi="Ngày ở tương lai", en="The date lies in the future"))
BEFORE_BIRTH: Wrong = ("before_birth", Text(vi="Trước ngày sinh", en="It lies before the birth"))
BEFORE_MEMBERSHIP: Wrong = (
    "before_membership",
    Text(vi="Trước khi sinh hoạt ở chi bộ này", en="The member was not of this branch yet"),
)


def field_problem(field: str, wrong: Wrong) -> FieldProblem:
    """Return what is wrong with one field of a body."""
    code, text = wrong
    return FieldProblem(pointer=f"/{field}", code=code, detail=text)
