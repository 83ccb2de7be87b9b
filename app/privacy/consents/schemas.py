"""Bodies of consents."""

from datetime import date

from pydantic import Field

from app.kernel.schemas import Instant, Line, Request, Response


class ConsentTextView(Response):
    """A text in the reader's language."""

    version: str = Field(examples=["2026-11-23"])
    effective_on: date = Field(description="In force from this day on", examples=["2026-11-23"])
    title: str = Field(examples=["Thông báo qua bên thứ ba"])
    body: str = Field(examples=["Thông báo đẩy đi qua máy chủ của Google, Apple hoặc hãng trình duyệt…"])


class ConsentView(Response):
    """That I agreed to a text, and until when."""

    version: str = Field(examples=["2026-11-23"])
    accepted_at: Instant
    withdrawn_at: Instant | None = Field(description="Null while it stands", examples=[None])


class MyConsents(Response):
    """The text in force, whether I agreed to it, and what I agreed to before."""

    current: ConsentTextView
    accepted_at: Instant | None = Field(description="When I agreed to the text in force; null where I have not")
    history: list[ConsentView] = Field(description="The latest first; of any version")


class ConsentGive(Request):
    """Which text I have read and agree to."""

    version: Line = Field(max_length=20, examples=["2026-11-23"])
