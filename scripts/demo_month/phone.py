"""A member's phone, and what is expected of what it is answered."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

PASSWORD = "so-tay-demo-1"  # noqa: S105 printed for everybody to try

Json = dict[str, Any]  # Any: JSON


class Broken(Exception):
    """Something of the month is not as it should be."""


def expect(holds: bool, *found: object) -> None:  # noqa: FBT001 a condition, as with assert, which -O would leave out
    """Raise Broken, with what was found instead, unless it holds."""
    if not holds:
        raise Broken(*found)


class Phone:
    """A member's phone: signed in, it asks and says what it was answered."""

    def __init__(self, url: str, phone: str) -> None:
        """Sign in with the demonstration's password."""
        self._client = httpx.Client(base_url=f"{url}/v1", timeout=30, headers={"Accept-Language": "vi"})
        installation = {"installation_id": str(uuid4()), "platform": "web", "device_name": "scripts/demo"}
        tokens = self.post("/auth/login", {"phone": phone, "password": PASSWORD, "installation": installation})
        self._client.headers["Authorization"] = f"Bearer {tokens['access_token']}"
        self.me = self.get("/me")
        self.name = str(self.me["full_name"])
        self.id = str(self.me["member_id"])

    def ask(self, method: str, path: str, body: Json | None = None, **headers: str) -> httpx.Response:
        """Ask, and answer whatever comes."""
        return self._client.request(method, path, json=body, headers=headers)

    def get(self, path: str) -> Json:
        """Get what must be there."""
        return succeeded(self.ask("GET", path))

    def post(self, path: str, body: Json | None = None) -> Json:
        """Take a step that must succeed."""
        return succeeded(self.ask("POST", path, body))

    def put(self, path: str, body: Json | None = None, *, seen: str | None = None) -> Json:
        """Write; `seen` is the path of what is rewritten, whose ETag is fetched first."""
        headers = {"If-Match": self.ask("GET", seen).headers["ETag"]} if seen else {}
        return succeeded(self.ask("PUT", path, body, **headers))

    def everything(self, path: str) -> list[Json]:
        """All pages of a list."""
        items: list[Json] = []
        cursor = None
        while True:
            mark = "&" if "?" in path else "?"
            page = self.get(f"{path}{mark}limit=100" + (f"&cursor={cursor}" if cursor else ""))
            items += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return items

    def download(self, path: str, to: Path) -> Path:
        """Keep a file."""
        answer = self.ask("GET", path)
        expect(answer.status_code == httpx.codes.OK, answer.text)
        to.write_bytes(answer.content)
        return to


def succeeded(answer: httpx.Response) -> Json:
    request = answer.request
    expect(answer.is_success, f"{request.method} {request.url.path}: {answer.status_code} {answer.text}")
    return {} if not answer.content else dict(answer.json())
