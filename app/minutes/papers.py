"""How minutes and resolutions are put on paper, in the form of the party's documents (Hướng dẫn 36-HD/VPTW)."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from app.kernel.typesetting import Templates
from app.meetings.models import MeetingKind
from app.minutes.record import MinutesHeadcount, MinutesPerson, MinutesPoll, MinutesRecord, MinutesTask

_TEMPLATES = Templates(Path(__file__).parent)
_KINDS = {
    MeetingKind.regular: "sinh hoạt thường kỳ",
    MeetingKind.thematic: "sinh hoạt chuyên đề",
    MeetingKind.extraordinary: "họp bất thường",
    MeetingKind.committee: "họp chi ủy",
}
_KINDS_ABOVE = {**_KINDS, MeetingKind.committee: "họp cấp ủy"}
_BODIES = re.compile(
    r"^(Đảng bộ|Đảng ủy|Chi bộ)\s+(cơ sở\s+)?((xã|phường|đặc khu|thị trấn|thành phố|tỉnh)\s+)?", re.IGNORECASE
)
_ROMAN = ("III", "IV", "V")


def locality(organisation: str) -> str:
    """Return the place an organisation's name speaks of: `Đảng bộ xã Yên Mô` → `Yên Mô`."""
    return _BODIES.sub("", organisation) or organisation


def in_series(number: int | None, series: str) -> str:
    """Return a number as papers bear it: `Số 01-BB/CB`, or `Số ...-BB/CB` before one is given."""
    return f"Số {'...' if number is None else format(number, '02')}-{series}"


def minutes_html(record: MinutesRecord, *, number: int | None, is_draft: bool) -> str:
    """Return the minutes as HTML to be typeset."""
    zone = ZoneInfo(record.time_zone)
    decisions = list(_decisions(record))
    parts = {"decisions": bool(decisions), "tasks": bool(record.tasks), "conclusion": bool(record.conclusion)}
    present = (name for name, is_there in parts.items() if is_there)
    return _TEMPLATES.fill(
        "minutes.html.jinja",
        {
            "record": record,
            "paper": {
                **_head(record.above, record.organisation, record.locality, record.began_at.astimezone(zone).date()),
                "title": f"Biên bản {record.title}",
                "kind": "BIÊN BẢN",
                "about": record.title,
                "number": in_series(number, record.series),
                "is_draft": is_draft,
                "opening": _opening(record, zone),
                "people": list(_people(record)),
                "decisions": decisions,
                "numerals": dict(zip(present, _ROMAN, strict=False)),
                "closing": _closing(record, zone),
                "copies": _copies(record.above, record.organisation),
            },
            "lines": _lines,
            "day": _day,
        },
    )


def _head(above: str | None, organisation: str, place: str | None, on: date) -> Mapping[str, Any]:
    # Any: what the templates take. Days and months below ten are written with a nought before them (36-HD/VPTW).
    day = f"ngày {on:%d} tháng {on:%m} năm {on:%Y}"
    return {
        "above": above,
        "organisation": organisation,
        "place_and_day": f"{place}, {day}" if place else day[0].upper() + day[1:],
    }


def _lines(text: str | None) -> list[str]:
    return [line.strip() for line in (text or "").splitlines() if line.strip()]


def _day(on: date) -> str:
    return f"{on:%d/%m/%Y}"


def _clock(at: datetime) -> str:
    return f"{at:%H} giờ {at:%M} phút"


def _opening(record: MinutesRecord, zone: ZoneInfo) -> str:
    began = record.began_at.astimezone(zone)
    where = {
        (True, True): f"tại {record.place}, kết hợp trực tuyến",
        (True, False): f"tại {record.place}",
        (False, True): "theo hình thức trực tuyến",
        (False, False): "",
    }[record.place is not None, record.online]
    when = f"Vào hồi {_clock(began)}, ngày {began:%d} tháng {began:%m} năm {began:%Y}"
    kind = (_KINDS if _is_branch(record) else _KINDS_ABOVE)[record.kind]
    return ", ".join(part for part in (when, where, f"{record.organisation} tổ chức {kind}") if part) + "."


def _is_branch(record: MinutesRecord) -> bool:
    # The letters behind the number tell, in minutes that were frozen long ago too.
    return not record.series.endswith("/ĐU")


def _person(person: MinutesPerson | None) -> str:
    if person is None:
        return "............................................"
    return f"Đồng chí {person.full_name}" + (f", {person.post}" if person.post else "")


def _people(record: MinutesRecord) -> Iterator[str]:
    heads = record.headcount
    yield f"1. Chủ trì: {_person(record.chair)}."
    yield f"2. Thư ký: {_person(record.minute_taker)}."
    yield f"3. {_present(heads)}"
    yield f"4. {_absent(heads)}"
    if heads.exempt_count:
        yield f"Được miễn sinh hoạt: {_named(heads.exempt)}."
    if heads.guests:
        yield f"5. Đại biểu, khách mời: {'; '.join(heads.guests)}."


def _present(heads: MinutesHeadcount) -> str:
    online, late = heads.online_count, heads.late_count
    among = [f"trực tuyến {online}"] * bool(online) + [f"đến muộn {late}"] * bool(late)
    inside = f" (trong đó {', '.join(among)})" if among else ""
    said = f"Tổng số đảng viên: {heads.total_count} đồng chí; có mặt: {heads.present_count} đồng chí{inside}"
    rate = "" if heads.rate_percent is None else f"; tỷ lệ dự họp: {_percent(heads.rate_percent)}"
    return f"{said}{rate}."


def _absent(heads: MinutesHeadcount) -> str:
    if not heads.absent_count:
        return "Vắng mặt: không."
    return (
        f"Vắng mặt: {heads.absent_count} đồng chí; có lý do: {_named(heads.excused)}; "
        f"không có lý do: {_named(heads.unexcused)}."
    )


def _named(names: list[str]) -> str:
    return f"{len(names)} ({', '.join(names)})" if names else "0"


def _percent(value: float) -> str:
    return f"{value:.1f}".replace(".", ",") + "%"


def _decisions(record: MinutesRecord) -> Iterator[str]:
    for place, poll in enumerate(record.polls, start=1):
        manner = "bỏ phiếu kín" if poll.is_secret else "biểu quyết công khai"
        yield f"{place}. {poll.question} ({manner}): {tally(poll)}."
    for resolution in record.resolutions:
        number = f" ({resolution.number})" if resolution.number else ""
        yield f"{record.organisation} thông qua {resolution.title}{number}."


def tally(poll: MinutesPoll) -> str:
    """Say the result of a vote: each number of all who could vote, with its share."""
    of = poll.electorate_count
    silent = of - poll.in_favour_count - poll.against_count - poll.other_count
    said = (
        ("tán thành", poll.in_favour_count),
        ("không tán thành", poll.against_count),
        ("ý kiến khác", poll.other_count),
        ("không biểu quyết", max(silent, 0)),
    )
    shares = [f"{name} {count}/{of}" + (f" ({_percent(100 * count / of)})" if of else "") for name, count in said]
    verdict = {True: "; được thông qua", False: "; không được thông qua", None: ""}[poll.passed]
    return "; ".join(shares) + verdict


def _closing(record: MinutesRecord, zone: ZoneInfo) -> str:
    if record.ended_at is None:
        return f"Biên bản được lập thành văn bản và lưu tại {'chi bộ' if _is_branch(record) else 'Đảng ủy'}."
    ended = record.ended_at.astimezone(zone)
    same = ended.date() == record.began_at.astimezone(zone).date()
    on = "cùng ngày" if same else f"ngày {_day(ended.date())}"
    return f"Cuộc họp kết thúc vào hồi {_clock(ended)} {on}; thời gian họp {record.elapsed_minutes} phút."


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolutionPaper:
    """What an adopted resolution says on paper: `on` is the day of its adoption, `voted_on` that of the vote."""

    above: str | None
    organisation: str
    locality: str | None
    is_branch: bool
    number: str
    title: str
    on: date
    paragraphs: Sequence[str]
    carried: MinutesPoll | None
    voted_on: date | None
    tasks: Sequence[MinutesTask]
    secretary: str | None


def resolution_html(paper: ResolutionPaper) -> str:
    """Return an adopted resolution as HTML to be typeset."""
    return _TEMPLATES.fill(
        "resolution.html.jinja",
        {
            "record": paper,
            "paper": {
                **_head(paper.above, paper.organisation, paper.locality, paper.on),
                "title": f"{paper.number} {paper.title}",
                "kind": "NGHỊ QUYẾT",
                "about": re.sub(r"^nghị quyết\s*:?\s*(?=\S)", "", paper.title, flags=re.IGNORECASE).strip(),
                "number": paper.number,
                "is_draft": False,
                "paragraphs": [_lines(text) for text in paper.paragraphs],
                "carried": tally(paper.carried) if paper.carried else None,
                "authority": "CHI BỘ" if paper.is_branch else "BAN CHẤP HÀNH",
                "copies": _copies(paper.above, paper.organisation),
            },
            "day": _day,
        },
    )


def _copies(above: str | None, organisation: str) -> list[str]:
    # One reports to the committee of the party organisation above: `Đảng bộ xã Yên Mô` → `Đảng ủy xã Yên Mô`.
    report = [re.sub(r"^đảng bộ\b", "Đảng ủy", above, flags=re.IGNORECASE) + " (để báo cáo)"] if above else []
    return [*report, f"Lưu {organisation}"]
