"""Bodies of members."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field

from app.kernel.days import Day
from app.kernel.fields import FieldError
from app.kernel.i18n import Text
from app.kernel.pagination import Page
from app.kernel.phones import parse_phone
from app.kernel.schemas import Line, Request, Response, Versioned
from app.members.identifiers import parse_card_number, parse_citizen_id
from app.members.models import Education, Occupation, Sex, StandingKind
from app.organisations.schemas import OrganisationRef


def _name(text: str) -> str:
    if not any(map(str.isalpha, text)):
        raise FieldError("name_unreadable", Text(vi="Không phải họ tên", en="This is no person's name"))
    return " ".join(text.split())


def _card_number(text: str) -> str:
    if (digits := parse_card_number(text)) is None:
        raise FieldError(
            "card_number_unreadable",
            Text(
                vi="Số thẻ đảng chỉ gồm chữ số, thường là 8 chữ số",
                en="A party card number is digits only, usually 8",
            ),
        )
    return digits


def _citizen_id(text: str) -> str:
    if (digits := parse_citizen_id(text)) is None:
        raise FieldError(
            "citizen_id_unreadable",
            Text(
                vi="Số căn cước gồm 12 chữ số (CMND cũ: 9 chữ số)",
                en="A citizen id has 12 digits (an old identity card 9)",
            ),
        )
    return digits


def _phone(text: str) -> str:
    if (phone := parse_phone(text)) is None:
        raise FieldError(
            "phone_unreadable",
            Text(
                vi="Không phải số điện thoại; ví dụ đúng: 0912 345 678",
                en="This is no phone number; a right one: 0912 345 678",
            ),
        )
    return phone


FullName = Annotated[Line, Field(max_length=120, examples=["Lê Văn Cường"]), AfterValidator(_name)]
CardNumber = Annotated[Line, Field(max_length=40, examples=["37012345"]), AfterValidator(_card_number)]
CitizenId = Annotated[Line, Field(max_length=40, examples=["037060001234"]), AfterValidator(_citizen_id)]
Phone = Annotated[
    Line,
    Field(max_length=40, examples=["0912 345 678"], description="With or without the country code"),
    AfterValidator(_phone),
]


Schooling = Annotated[
    Education | None, Field(description="The highest, as in the dossier of admission", examples=["university"])
]
IsEthnicMinority = Annotated[
    bool | None, Field(description="Of another people than the Kinh, as in the dossier", examples=[False])
]
Work = Annotated[Occupation | None, Field(description="As in the dossier of admission", examples=["farming"])]


class MemberCreate(Request):
    """A member of a branch, on probation or official; one of the two dates is needed."""

    id: UUID | None = Field(default=None, description="A client may make the id (UUIDv7) itself")
    full_name: FullName
    born_on: Day | None = Field(default=None, examples=["1960-02-03"])
    sex: Sex | None = Field(default=None, examples=["male"])
    card_number: CardNumber | None = None
    citizen_id: CitizenId | None = None
    phone: Phone | None = None
    admitted_on: Day | None = Field(default=None, examples=["1985-05-19"], description="Probation begins")
    official_on: Day | None = Field(default=None, examples=["1986-05-19"], description="Probation is over")
    education: Schooling = None
    is_ethnic_minority: IsEthnicMinority = None
    occupation: Work = None


class MemberPatch(Request):
    """What may be corrected; a field not sent stays. A first `official_on` is the recognition."""

    full_name: FullName | None = None
    born_on: Day | None = Field(default=None, examples=["1960-02-03"])
    sex: Sex | None = Field(default=None, examples=["male"])
    card_number: CardNumber | None = None
    citizen_id: CitizenId | None = None
    phone: Phone | None = None
    admitted_on: Day | None = Field(default=None, examples=["1985-05-19"])
    official_on: Day | None = Field(default=None, examples=["1986-05-19"])
    education: Schooling = None
    is_ethnic_minority: IsEthnicMinority = None
    occupation: Work = None


class MemberRef(Response):
    """A member by name."""

    member_id: UUID
    full_name: str = Field(examples=["Lê Văn Cường"])


class StandingView(Response):
    """One state of membership, from a day to a day (both included)."""

    kind: StandingKind = Field(examples=["official"])
    starts_on: date = Field(examples=["1986-05-19"])
    ends_on: date | None = Field(description="Null while it lasts", examples=[None])
    organisation_id: UUID = Field(description="Where it holds: a host, for a guest")


class AwayNow(Response):
    """The time away that holds today."""

    id: UUID
    place: str = Field(examples=["Berlin, CHLB Đức"])
    starts_on: date = Field(examples=["2026-03-01"])
    ends_on: date | None = Field(description="Null where the return is not known", examples=["2027-02-28"])
    time_zone: str = Field(examples=["Europe/Berlin"])


class MemberView(Versioned):
    """A member as far as the reader may know them; what they may not know is null, and `standings` empty.

    Members of the branch: name and branch. Officers above: standings too. The branch's minute-taker: time
    away too. Its secretary, deputy and administrators: all, with `citizen_id` and `phone` masked. Oneself: all.
    """

    full_name: str = Field(examples=["Lê Văn Cường"])
    organisation: OrganisationRef
    standings: list[StandingView] = Field(description="The earliest first")
    born_on: date | None = Field(examples=["1960-02-03"])
    sex: Sex | None = Field(examples=["male"])
    card_number: str | None = Field(examples=["37012345"])
    citizen_id: str | None = Field(examples=["********1234"])
    phone: str | None = Field(examples=["+84*****001"])
    admitted_on: date | None = Field(examples=["1985-05-19"])
    official_on: date | None = Field(examples=["1986-05-19"])
    education: Schooling
    is_ethnic_minority: IsEthnicMinority
    occupation: Work
    away: AwayNow | None = Field(description="Null at home")

    def state(self) -> str:
        """Return all that is shown: it depends on the reader's posts and the day, not only on the version."""
        return self.model_dump_json()


class MemberPage(Page[MemberView]):
    """Members in the order of Vietnamese names: given name first."""
