"""A bucket on loopback that speaks as much S3 as the store asks of one: PUT, GET with ranges, list, delete."""

import hashlib
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape

DATE = "Sun, 22 Nov 2026 01:00:00 GMT"


class _Server(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.objects: dict[str, bytes] = {}
        self.goes_on = threading.Event()
        self.goes_on.set()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 the base's own name
        del format, args

    def parse_request(self) -> bool:
        """Read the head, and refuse what is not signed."""
        well_formed = super().parse_request()
        if well_formed and not self.headers.get("Authorization", "").startswith("AWS4-HMAC-SHA256 Credential=khoa/"):
            self.answer(403)
            return False
        self.server.goes_on.wait()
        return well_formed

    @property
    def key(self) -> str:
        return urlsplit(self.path).path.strip("/")

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_PUT(self) -> None:
        self.server.objects[self.key] = body = self.body()
        self.answer(200, ETag=f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"')

    def do_DELETE(self) -> None:
        self.server.objects.pop(self.key, None)
        self.answer(204)

    def do_POST(self) -> None:
        """Delete several, the only POST the store makes."""
        found = re.findall(r"<Key>([^<]+)</Key>", self.body().decode())
        for name in found:
            self.server.objects.pop(f"{self.key}/{name}", None)
        gone = "".join(f"<Deleted><Key>{escape(name)}</Key></Deleted>" for name in found)
        self.answer(200, f"<DeleteResult>{gone}</DeleteResult>".encode())

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        if "list-type" in query:
            self.answer(200, self.listing(query.get("prefix", [""])[0]))
            return
        content = self.server.objects.get(self.key)
        if content is None:
            self.answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
            return
        headers = {"Last_Modified": DATE, "ETag": '"1"'}
        asked = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        if asked is None:
            self.answer(200, content, **headers)
            return
        start, last = int(asked[1]), min(int(asked[2]), len(content) - 1)
        headers["Content_Range"] = f"bytes {start}-{last}/{len(content)}"
        self.answer(206, content[start : last + 1], **headers)

    def listing(self, prefix: str) -> bytes:
        """The one page of ListObjectsV2."""
        bucket = self.key
        contents = "".join(
            f"<Contents><Key>{escape(name.removeprefix(bucket + '/'))}</Key><Size>{len(content)}</Size>"
            f"<LastModified>2026-11-22T01:00:00.000Z</LastModified><ETag>1</ETag></Contents>"
            for name, content in self.server.objects.items()
            if name.startswith(f"{bucket}/{prefix}")
        )
        page = f"<ListBucketResult><Name>{bucket}</Name><IsTruncated>false</IsTruncated>{contents}</ListBucketResult>"
        return page.encode()


class LoopbackS3:
    """Objects by bucket and key, path-style; every request must be signed."""

    def __init__(self) -> None:
        self._server = _Server()
        self.objects = self._server.objects
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def stand_still(self) -> None:
        """Take every request from now on, and answer none."""
        self._server.goes_on.clear()

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.goes_on.set()
        self._server.shutdown()
        self._server.server_close()
