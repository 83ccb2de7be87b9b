"""What an operation takes that judges a file's rows and, only when told to, writes them."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, File, Form, Response, UploadFile

from app.kernel.i18n import Locale, negotiate
from app.kernel.readers import AcceptLanguage


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file, whether its rows are written or only judged, and the language of the verdicts."""

    content: bytes
    filename: str | None
    commit: bool
    locale: Locale


async def _upload(
    *,
    response: Response,
    file: Annotated[UploadFile, File(description="The rows, in a file as the operation says; at most 20 MiB")],
    commit: Annotated[
        bool, Form(description="false: only judge the rows. true: write them, if none has an error")
    ] = False,
    accept_language: AcceptLanguage = None,
) -> Upload:
    locale = negotiate(accept_language)
    response.headers["Content-Language"] = locale.value
    response.headers["Vary"] = "Accept-Language"
    return Upload(content=await file.read(), filename=file.filename, commit=commit, locale=locale)


Uploaded = Annotated[Upload, Depends(_upload)]
