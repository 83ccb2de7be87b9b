"""What a caller would rather have (RFC 7240): `Prefer: return=minimal` spares a phone the body it has just sent."""

from fastapi import Request, Response

HEADER = "Prefer"
APPLIED = "Preference-Applied"
MINIMAL = "return=minimal"
_KEPT = ("etag", "location", "idempotency-replayed")


def minimal(request: Request, answer: Response) -> Response:
    """Return 204 with the ETag instead of the resource that was changed, if the caller prefers it.

    Answers without an ETag are no resource, and stay as they are; so do those of a GET.
    """
    if request.method == "GET" or "etag" not in answer.headers or not _prefers_minimal(request):
        return answer
    headers = {name: answer.headers[name] for name in _KEPT if name in answer.headers}
    return Response(status_code=204, headers={**headers, APPLIED: MINIMAL})


def _prefers_minimal(request: Request) -> bool:
    wishes = ",".join(request.headers.getlist(HEADER)).split(",")
    return any("".join(wish.split(";")[0].split()).replace('"', "").lower() == MINIMAL for wish in wishes)
