"""`sotay serve --demo` for real: from nothing, all that it prints tried out, and months played on it."""

import asyncio
import re
import shutil
import signal
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import httpx
import pypdfium2
import pytest

from app.demo import guide
from app.demo.cast import PASSWORD
from tests.demo.programs import SOTAY, environment, free_port

pytestmark = pytest.mark.begins_first(75)

MONTH = Path(__file__).parents[2] / "scripts" / "month.py"
TYPESCRIPT_MONTH = Path(__file__).parents[1] / "clients" / "typescript" / "month"


class Served:
    """A running `sotay serve`, and what it has printed so far."""

    def __init__(self, process: asyncio.subprocess.Process, port: int, data_dir: Path) -> None:
        self.process = process
        self.address = f"http://127.0.0.1:{port}"
        self.data_dir = data_dir
        self.printed = ""

    async def until(self, pattern: str, seconds: float = 60) -> re.Match[str]:
        """Read on until the pattern has been printed."""
        assert self.process.stdout is not None
        async with asyncio.timeout(seconds):
            while (match := re.search(pattern, self.printed, re.DOTALL)) is None:
                read = await self.process.stdout.read(65536)
                assert read, f"it ended, having printed {self.printed}"
                self.printed += read.decode()
        return match

    async def end(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        assert self.process.stdout is not None
        async with asyncio.timeout(30):
            self.printed += (await self.process.stdout.read()).decode()
            return await self.process.wait()


async def serve(data_dir: Path, *options: str) -> Served:
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        *(*SOTAY, "serve", *options, "--port", str(port), "--data-dir", str(data_dir)),
        env=environment(),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    return Served(process, port, data_dir)


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    served = await serve(tmp_path / "data", "--demo")
    yield served
    if served.process.returncode is None:
        await served.end()


def processes_naming(text: str) -> list[str]:
    """The command lines of live processes that name the text."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = file.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if text in line:
            found.append(line)
    return found


def pages_of(paper: Path) -> int:
    with pypdfium2.PdfDocument(paper) as document:
        return len(document)


async def play_a_month(served: Served, out: Path) -> None:
    playing = await asyncio.create_subprocess_exec(
        *(sys.executable, MONTH, "--url", served.address, "--out", out),
        env=environment(),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await asyncio.wait_for(playing.communicate(), 120)
    told = said.decode()
    assert playing.returncode == 0, told
    for line in (
        "attending 20, attending_online 1, absent 1",
        "1. changed: Tập trung lãnh đạo thu hoạch và làm đất vụ đông trên [-12-][+15+] ha.",
        "409 poll_is_secret",
        "409 minutes_frozen",
        "all of it held",
    ):
        assert line in told
    assert (pages_of(out / "bien-ban.pdf"), pages_of(out / "nghi-quyet.pdf")) == (2, 1)


async def play_a_month_in_typescript(served: Served) -> None:
    playing = await asyncio.create_subprocess_exec(
        *(TYPESCRIPT_MONTH, served.address), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await asyncio.wait_for(playing.communicate(), 240)
    assert playing.returncode == 0, said.decode()
    assert "all of it held" in said.decode()


# One test, since the service takes longer to start than all of it.
async def test_demo_is_served_from_nothing_everything_printed_works_and_months_are_played(
    served: Served, tmp_path: Path, subtests: pytest.Subtests
) -> None:
    await served.until(r"docs: " + re.escape(served.address) + r"/docs.*━\n.*━\n")

    async with httpx.AsyncClient(base_url=served.address, trust_env=False) as client:
        assert (await client.get("/readyz")).status_code == 200
        installation = {"installation_id": "00000000-0000-4000-8000-000000000009", "platform": "web"}
        answer = await client.post(
            "/v1/auth/login", json={"phone": "+84900000003", "password": PASSWORD, "installation": installation}
        )
        assert answer.status_code == 200, answer.text

    first = await served.until(
        r"┌─ [^\n]+ · Điện thoại của [^\n]+\n│  Sổ tay đảng viên\n│  [^\n]+\n└─ [^\n]+/m/(\S+)\n"
    )
    tried = await asyncio.create_subprocess_exec(
        "bash", "-e", "-c", guide.commands(served.address), env=environment(), stdout=asyncio.subprocess.PIPE
    )
    said, _ = await asyncio.wait_for(tried.communicate(), 30)
    assert tried.returncode == 0
    held, listed, drafted, announced, *inbox, reply, poll, comment, remark, approved, paper = said.decode().splitlines()
    assert "'ended'" in held
    assert "'announced'" in listed
    assert "'draft'" in drafted
    assert announced.startswith("announced ")
    assert re.search(r"19:30 .+ \(1[23]:30 .+ theo giờ Berlin\) tại Nhà văn hóa", inbox[0])
    assert reply == "attending_online"
    assert re.fullmatch(r"Thông qua Nghị quyết .+ 5", poll)
    assert comment == "Nhất trí với bản hai"
    assert remark.startswith("Phạm Thị Dung: Mục 3")
    assert approved == "Số 01-BB/CB approved"
    assert pages_of(Path(paper)) == 2
    again = await served.until(rf"┌─ [^┌]+/m/(?!{first[1]})(\S+)\n")
    assert UUID(again[1]) != UUID(first[1])

    await play_a_month(served, tmp_path)
    with subtests.test("the next month is lived by an app with generated TypeScript"):
        if shutil.which("npm") is None:
            pytest.skip("there is no Node.js here to run the TypeScript client")
        await play_a_month_in_typescript(served)

    assert await served.end() == 0
    assert processes_naming(str(served.data_dir)) == []
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", int(served.address.rsplit(":", 1)[1]))) != 0
    assert '"level"' not in served.printed  # no log line among what people read

    without = await serve(served.data_dir)
    await without.until(r"The demonstration's people are still in it.*/docs")
    assert await without.end() == 0
