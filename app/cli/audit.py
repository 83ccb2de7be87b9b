"""`sotay audit`: anchors of the log, its verification, and the erasure of what it says of a person."""

import time
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from app.cli import work
from app.cli.terminal import database_settings, errors, refuse, refuse_text, screen
from app.kernel.anchors import Anchor, AnchorRefused, AuditKeys
from app.kernel.db import Session
from app.kernel.events import forget_person
from app.kernel.seals import read_heads, seal_facts
from app.kernel.settings import Settings
from app.kernel.verifying import WORDS, Break, Verdict, verify_log
from app.members.errors import MemberNotFound
from app.members.models import Member

command = typer.Typer(help="Nhật ký được niêm phong · the sealed log", no_args_is_help=True)

SHOWN = 20


@command.callback()
def _audit() -> None:
    """Nhật ký được niêm phong · the sealed log."""


@command.command()
def anchor(
    *,
    out: Annotated[Path | None, typer.Option(help="Tệp neo; không có thì in ra · file to write, or print it")] = None,
) -> None:
    """Ký điểm cuối của mọi chuỗi, để cất giữ ở nơi khác · sign the ends of all chains, to be kept elsewhere."""
    settings, url = database_settings()
    keys = _keys(settings)

    async def take(session: Session) -> Anchor:
        while await seal_facts(session):
            pass
        return Anchor.of(await read_heads(session), at=session.now())

    taken = work.run(url, take)
    text = keys.sign(taken)
    if out is None:
        print(text, end="")  # noqa: T201 untouched by the screen's width
        return
    try:
        out.write_text(text)
    except OSError as error:
        raise refuse(f"Không ghi được {out}: {error.strerror}", f"{out} cannot be written: {error.strerror}") from None
    facts = sum(head.sequence for head in taken.heads().values())
    screen.print(
        f"Đã neo {_number(facts)} sự kiện trong {_number(len(taken.chains))} chuỗi vào {out}; hãy cất tệp ở nơi khác\n"
        f"{_number(facts)} facts in {_number(len(taken.chains))} chains are anchored in {out}; keep it elsewhere\n"
        f"Khóa · key {keys.signing}",
        markup=False,
        soft_wrap=True,
    )


@command.command()
def verify(
    *,
    anchor: Annotated[Path | None, typer.Option(help="Tệp neo cất ở ngoài · the anchor kept outside")] = None,
    organisation: Annotated[UUID | None, typer.Option(help="Chỉ một tổ chức · id of one organisation only")] = None,
) -> None:
    """Tính lại mọi chuỗi và so với tệp neo; mã thoát 1 khi sai · recompute the chains, compare; exits 1 if broken."""
    settings, url = database_settings()
    anchored = None if anchor is None else _read(anchor, _keys(settings))

    async def look(session: Session) -> Verdict:
        await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        heads = None if anchored is None else anchored.heads()
        return await verify_log(session, anchored=heads, organisation_id=organisation)

    began = time.monotonic()
    found = work.run(url, look)
    _show(found, seconds=time.monotonic() - began)
    if anchored is None:
        screen.print(
            "Chưa so với tệp neo (--anchor): ai sửa cả chuỗi thì không phát hiện được\n"
            "Not compared with an anchor (--anchor): who made a whole chain anew is not found out",
            style="yellow",
            markup=False,
            soft_wrap=True,
        )
    else:
        screen.print(f"Tệp neo ngày · anchored at {anchored.made_at.isoformat()}", markup=False, soft_wrap=True)
    if found.breaks:
        raise typer.Exit(1)


@command.command()
def erase(
    *,
    member: Annotated[UUID, typer.Option(help="Mã (id) của đảng viên · id of the member")],
) -> None:
    """Xóa thông tin cá nhân về một người trong nhật ký; chuỗi vẫn nguyên vẹn · erase what the log says of a person."""
    _, url = database_settings()

    async def forget(session: Session) -> int:
        known = await session.get(Member, member)
        if known is None:
            raise MemberNotFound
        return await forget_person(session, member, organisation_id=known.organisation_id, by=None)

    erased = work.run(url, forget)
    screen.print(f"Đã xóa ở {_number(erased)} sự kiện · erased in {_number(erased)} facts", soft_wrap=True)


def _keys(settings: Settings) -> AuditKeys:
    try:
        return AuditKeys(settings.audit_keys_dir)
    except (OSError, ValueError) as error:
        raise refuse(f"Khóa ký tệp neo không dùng được: {error}", f"The anchors' key cannot be used: {error}") from None


def _read(file: Path, keys: AuditKeys) -> Anchor:
    try:
        return keys.read(file.read_text())
    except OSError as error:
        raise refuse(f"Không đọc được {file}: {error.strerror}", f"{file} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise refuse(f"{file} không phải là tệp neo", f"{file} is no anchor file") from None
    except AnchorRefused as refusal:
        raise refuse_text(refusal.text, code=1) from None


def _show(found: Verdict, *, seconds: float) -> None:
    for broken in found.breaks[:SHOWN]:
        place, words = _place(broken), WORDS[broken.fault]
        errors.print(f"HỎNG: {words.vi} – {place}\nBROKEN: {words.en} – {place}", markup=False, soft_wrap=True)
    if len(found.breaks) > SHOWN:
        more = _number(len(found.breaks) - SHOWN)
        errors.print(f"… và {more} chuỗi nữa · and {more} more", markup=False, soft_wrap=True)
    checked = f"{_number(found.facts)} sự kiện, {_number(found.chains)} chuỗi"
    said = f"{_number(found.facts)} facts, {_number(found.chains)} chains"
    if not found.breaks:
        screen.print(f"[green]Nguyên vẹn[/green]: {checked} · intact: {said} ({seconds:.1f} s)", soft_wrap=True)
    else:
        screen.print(f"Đã kiểm tra {checked} · examined: {said} ({seconds:.1f} s)", soft_wrap=True)
    if found.erased:
        count = _number(found.erased)
        screen.print(f"Thông tin cá nhân đã xóa ở {count} sự kiện · personal fields erased in {count}", soft_wrap=True)
    if found.unsealed:
        count = _number(found.unsealed)
        screen.print(f"{count} sự kiện chờ niêm phong · {count} facts wait for their seal", soft_wrap=True)
    if found.is_sealing_late:
        screen.print(
            "[yellow]Việc niêm phong bị chậm; tiến trình worker có chạy không?[/yellow] · "
            "sealing is late; is a worker running?",
            soft_wrap=True,
        )


def _place(broken: Break) -> str:
    parts = {
        "tổ chức · organisation": broken.organisation_id,
        "số · sequence": broken.sequence,
        "sự kiện · fact": broken.event_id,
    }
    return ", ".join(f"{name} {value}" for name, value in parts.items() if value is not None)


def _number(number: int) -> str:
    return f"{number:,}".replace(",", ".")
