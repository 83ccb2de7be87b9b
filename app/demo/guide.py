"""What `sotay serve` prints when it is ready: the address, and in the demonstration what to try next."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

from app.demo.cast import CAST, HANOI, PASSWORD

_RULE = "━" * 100

_READY = """\
{rule}
 Sổ tay đang chạy · running: {address}    tài liệu API · docs: {address}/docs    dừng · stop: Ctrl+C
{rule}"""

_DEMO = """\
{ready}
 Tài khoản dùng thử, mật khẩu {password} · accounts to try, password {password}
{accounts}
 Thông báo tới các điện thoại này hiện ở đây, trong khung ┌─ · pushes to these phones appear here, boxed ┌─
{quiet}
 Thử trong một cửa sổ khác (bash, curl, python3) · try in another terminal, in this order:

{commands}
{rule}"""

_QUIET = """\
 Ở Việt Nam đang là giờ yên lặng 22:00–06:00: máy ở đó nhận thông báo lúc 06:00, máy ở nơi đang là ban ngày nhận ngay
 It is night in Vietnam: phones there get their pushes at 06:00, phones where it is day get them now
"""

# Tested as they stand: `tests/demo/test_serving.py` runs them with bash.
COMMANDS = """\
H={address}/v1; J='Content-Type: application/json'
get() {{ python3 -c "import json, sys; d = json.load(sys.stdin); print($1)"; }}
token() {{ curl -s $H/auth/login -H "$J" -d '{{"phone": "'$1'", "password": "{password}", "installation":
  {{"installation_id": "00000000-0000-4000-8000-000000000001", "platform": "web"}}}}' | get 'd["access_token"]'; }}
# Bí thư: xem lịch, rồi triệu tập cuộc họp còn là dự thảo · the secretary lists meetings and calls the drafted one
AN=$(token {secretary}); A() {{ curl -s -H "Authorization: Bearer $AN" "$@"; }}
B=$(A $H/me | get 'd["organisation"]["id"]')
A $H/organisations/$B/meetings | get '*[[m["status"], m["starts_at"], m["title"]] for m in d["items"]], sep="\\n"'
M=$(A $H/organisations/$B/meetings | get '[m["id"] for m in d["items"] if m["status"] == "draft"][-1]')
A -X POST $H/meetings/$M/announce | get 'd["status"], d["starts_at"]'
# Đảng viên ở Berlin: thấy cả hai giờ, rồi trả lời · the member in Berlin sees both times, and replies
DUNG=$(token {away}); D() {{ curl -s -H "Authorization: Bearer $DUNG" "$@"; }}
sleep 1; D $H/me/notifications | get '*[n["title"] + ": " + n["body"] for n in d["items"]], sep="\\n"'
D -X PUT $H/meetings/$M/reply -H "$J" -d '{{"reply": "attending_online"}}' | get 'd["my_reply"]["reply"]'
# Rồi biểu quyết, góp ý dự thảo nghị quyết · then votes in the open poll, and comments on the draft resolution
P=$(D "$H/organisations/$B/polls?status=open" | get 'd["items"][0]["id"]')
D -X PUT $H/polls/$P/ballot -H "$J" -d '{{"choice": "for"}}' | get 'd["question"], d["voted_count"]'
R=$(D $H/organisations/$B/resolutions | get 'd["items"][0]["id"]')
D $H/resolutions/$R/comments -H "$J" -d '{{"version": 2, "body": "Nhất trí với bản hai"}}' | get 'd["body"]'
# Bí thư: đọc ý kiến về biên bản, thông qua, tải PDF · the secretary reads the remark, approves, downloads the PDF
L=$(A $H/organisations/$B/meetings | get '[m["id"] for m in d["items"] if m["status"] == "ended"][0]')
A $H/meetings/$L/minutes/remarks | get '*[r["author"]["full_name"] + ": " + r["body"] for r in d["items"]]'
A -X POST $H/meetings/$L/minutes/approve | get 'd["number"], d["status"]'
PDF=$(mktemp); A -f $H/meetings/$L/minutes.pdf -o $PDF && echo $PDF
"""


def ready(address: str) -> str:
    """Return the address and how to stop."""
    return _READY.format(address=address, rule=_RULE)


def demo(address: str, *, now: datetime) -> str:
    """Return the address, the accounts and commands to try; at night in Vietnam, why most phones are silent."""
    accounts = "\n".join(
        f"  {person.phone or '—':<13} {person.full_name:<15} {person.role.vi} · {person.role.en}" for person in CAST
    )
    hour = now.astimezone(ZoneInfo(HANOI)).time()
    return _DEMO.format(
        ready=ready(address),
        password=PASSWORD,
        accounts=accounts,
        quiet=_QUIET if hour >= time(22) or hour < time(6) else "",
        commands=commands(address),
        rule=_RULE,
    )


def commands(address: str) -> str:
    """Return the commands for bash alone."""
    phones = {person.post or person.time_zone: person.phone for person in reversed(CAST)}
    return COMMANDS.format(
        address=address, password=PASSWORD, secretary=phones["secretary"], away=phones["Europe/Berlin"]
    )
