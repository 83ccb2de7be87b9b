"""A trace tells routes, statuses and tasks, and nobody's name, number, token or address."""

import http.server
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from queue import Queue

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.demo.programs import environment

SECRETS = ("0912345678", "Lê Văn Cường", "a-token-of-somebody", "congo=t61rcWkgMzE", "192.0.2.7", "bí mật")
# What the processes run on, without their sockets: the settings start the tracing.
PROGRAM = """
import asyncio
from httpx import ASGITransport, AsyncClient
from opentelemetry import trace
from app.kernel.telemetry import WorkerMeters
from app.main import from_environment

async def main():
    app = from_environment()
    @app.get("/v1/broken/{name}")
    async def broken(name: str) -> None:
        raise RuntimeError(f"{name} 0912345678")
    transport = ASGITransport(app, raise_app_exceptions=False)
    async with AsyncClient(transport=transport, base_url="http://192.0.2.7") as client:
        client.headers = {"Authorization": "Bearer a-token-of-somebody", "User-Agent": "a-token-of-somebody",
            "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "tracestate": "congo=t61rcWkgMzE"}
        await client.get("/v1/broken/a-token-of-somebody?phone=0912345678&name=Lê Văn Cường")
        await client.get("/0912345678")
        phone = {"installation_id": "0b5e5f0e-51c5-4c39-9d0c-5d6c6f1f3c11", "platform": "ios", "device_name": "bí mật"}
        refused = await client.post(
            "/v1/auth/login", json={"phone": "0912345678", "password": "Lê Văn Cường", "installation": phone})
        assert refused.status_code == 401, refused.text
    try:
        with WorkerMeters().job("notifications.deliver"):
            raise ValueError("bí mật 0912345678")
    except ValueError:
        pass
    trace.get_tracer_provider().force_flush()
asyncio.run(main())
"""


@pytest.fixture
def collector() -> Iterator[tuple[str, "Queue[bytes]"]]:
    bodies: Queue[bytes] = Queue()

    class Collector(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.put(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 its name there
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Collector) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_address[1]}", bodies
        server.shutdown()


def test_spans_of_requests_and_jobs_arrive_and_name_nobody(
    collector: tuple[str, "Queue[bytes]"], live_database_url: str, tmp_path: Path
) -> None:
    url, bodies = collector
    told = {
        "SOTAY_DATABASE_URL": live_database_url,
        "SOTAY_DATA_DIR": str(tmp_path),
        "SOTAY_OTLP_URL": url,
        "NO_PROXY": "*",
    }
    subprocess.run([sys.executable, "-c", PROGRAM], env=environment() | told, check=True, timeout=120)
    received = [bodies.get_nowait() for _ in range(bodies.qsize())]
    spans = [
        span
        for body in received
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]
    names = {span.name: {each.key: each.value for each in span.attributes} for span in spans}
    statements = {name: told for name, told in names.items() if "db.system.name" in told}
    assert names.keys() - statements.keys() == {
        "GET /v1/broken/{name}", "GET", "POST /v1/auth/login", "notifications.deliver"
    }  # fmt: skip
    assert {"SELECT failure_counts", "INSERT failure_counts"} <= statements.keys()
    assert statements["INSERT failure_counts"]["db.collection.name"].string_value == "failure_counts"
    asked = next(span for span in spans if span.name == "POST /v1/auth/login")
    assert all(span.trace_id == asked.trace_id for span in spans if span.name in statements)
    assert names["GET /v1/broken/{name}"]["http.response.status_code"].int_value == 500
    assert names["GET"].keys() == {"http.request.method", "http.response.status_code"}
    assert names["notifications.deliver"]["error.type"].string_value == "ValueError"
    assert not any(span.events for span in spans)
    for secret in SECRETS:
        assert not any(secret.encode() in body for body in received), secret
