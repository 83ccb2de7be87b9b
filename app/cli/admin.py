"""`sotay admin`: the root organisation and the first administrator of an empty server."""

import os
from functools import partial
from typing import Annotated

import typer
from argon2 import PasswordHasher
from pydantic import ValidationError
from rich.markup import escape
from sqlalchemy import func, or_, select

from app.cli import work
from app.cli.terminal import database_settings, refuse, require_sound_secrets, screen
from app.identity.keyring import Keyring
from app.identity.schemas import ActivationCodeView
from app.identity.service import hand_out_code
from app.kernel.clock import system_clock
from app.kernel.db import PooledDatabase, Session, transaction
from app.kernel.events import record
from app.kernel.fields import FieldError
from app.kernel.id_tokens import IdentityProviders
from app.kernel.passwords import Passwords
from app.kernel.roles import Role
from app.kernel.security import PostKind
from app.kernel.settings import Settings
from app.kernel.tokens import TokenKeys
from app.kernel.vault import Vault
from app.members.events import MemberEnrolled
from app.members.models import Member, Post
from app.members.names import search_key, sort_key
from app.members.posts.errors import PostAlreadyHeld
from app.members.posts.events import PostGranted
from app.members.posts.queries import find_overlapping
from app.members.queries import administrators_of
from app.members.schemas import MemberPatch
from app.organisations.events import OrganisationFounded
from app.organisations.models import Organisation, OrganisationKind, OrganisationPeriod
from app.organisations.schemas import OrganisationPatch

command = typer.Typer()


@command.command()
def admin(
    *,
    organisation: Annotated[str, typer.Option(help="Tên tổ chức cao nhất · name of the root organisation")],
    full_name: Annotated[str, typer.Option(help="Họ và tên người quản trị · the administrator's name")],
    phone: Annotated[str, typer.Option(help="Số điện thoại để đăng nhập · the number to sign in with")],
    kind: Annotated[OrganisationKind, typer.Option(help="Cấp · level")] = OrganisationKind.province,
    time_zone: Annotated[str, typer.Option(help="Múi giờ · time zone")] = "Asia/Ho_Chi_Minh",
) -> None:
    """Lập tổ chức cao nhất và người quản trị đầu tiên, in mã kích hoạt · found the root, print an activation code.

    Chạy lại với cùng số điện thoại thì in mã mới · run again with the same phone it prints another code. Không còn ai
    quản trị tổ chức cao nhất thì giao cho người có số này · where nobody administers the root any more, it appoints
    whoever has this phone.
    """
    settings, url = database_settings()
    require_sound_secrets(settings, sends=False)
    try:
        root = OrganisationPatch(name=organisation, time_zone=time_zone)
        person = MemberPatch(full_name=full_name, phone=phone)
    except ValidationError as error:
        raise _explain(error) from None

    async def appoint(session: Session) -> tuple[Member, ActivationCodeView]:
        member = await _appointed(session, root, kind, person)
        return member, await hand_out_code(session, member, issued_by=None, keyring=_keyring(settings, url))

    member, code = work.run(url, appoint)
    whom = f"{member.full_name}, {person.phone}"  # who has the number may be somebody else than was meant
    screen.print(
        f"Mã kích hoạt · activation code: [bold]{code.activation_code}[/bold]\n"
        f"Dùng một lần, trong 7 ngày, cho {escape(whom)} · once, within 7 days, for {escape(whom)}:\n"
        f"POST {settings.public_url}/v1/auth/activate",
        soft_wrap=True,
    )


async def _appointed(session: Session, root: OrganisationPatch, kind: OrganisationKind, person: MemberPatch) -> Member:
    """Return the administrator: made with the root of an empty server, appointed where a root has none any more.

    Ends the command where somebody else rules here. Raises PostAlreadyHeld where theirs begins later.
    """
    member = await session.scalar(select(Member).where(Member.phone == person.phone, ~Member.has_left))
    if await session.scalar(select(Organisation.id).limit(1)) is None:
        top = await _found(session, root, kind)
    else:
        top = await _root_of(session, member, name=root.name)
        if await session.scalar(administrators_of(top.id, session.today()).limit(1)) is not None:
            if member is not None and await _administers(session, member):
                return member
            raise refuse(
                "Máy chủ đã có tổ chức; người quản trị hiện tại giao chức vụ qua API (/v1/organisations/{id}/posts).",
                "This server has organisations; its administrator gives posts through the API "
                "(/v1/organisations/{id}/posts).",
            )
    if member is None:
        member = await _enrol(session, top, person)
    await _appoint(session, top, member)
    return member


async def _root_of(session: Session, member: Member | None, *, name: str | None) -> Organisation:
    """Return the root above a member; for who is none yet the only root, or the one of that name."""
    lasts = or_(Organisation.valid_until.is_(None), Organisation.valid_until >= session.today())
    query = select(Organisation).where(func.cardinality(Organisation.path) == 1, lasts)
    if member is not None:
        home = await session.get_one(Organisation, member.organisation_id)
        query = query.where(Organisation.id == home.path[0])
    # Two commands at once follow each other.
    roots = (await session.scalars(query.order_by(Organisation.id).with_for_update(key_share=True))).all()
    found = list(roots) if len(roots) == 1 else [one for one in roots if one.name == name]
    if len(found) != 1:
        raise refuse(
            "--organisation: máy chủ không có đúng một tổ chức cao nhất mang tên này.",
            "--organisation: there is not exactly one root organisation of this name.",
        )
    return found[0]


async def _administers(session: Session, member: Member) -> bool:
    lasts = or_(Post.ends_on.is_(None), Post.ends_on >= session.today())
    held = select(Post.id).where(Post.member_id == member.id, Post.kind == PostKind.administrator, lasts)
    return await session.scalar(held.limit(1)) is not None


async def _found(session: Session, root: OrganisationPatch, kind: OrganisationKind) -> Organisation:
    assert root.name is not None
    assert root.time_zone is not None
    today = session.today()
    identifier = session.new_id()
    organisation = Organisation(
        id=identifier,
        path=[identifier],
        kind=kind,
        name=root.name,
        time_zone=root.time_zone,
        valid_from=today,
        version=1,
        created_at=session.now(),
    )
    session.add(organisation)
    await session.flush()  # period, member and post refer to it
    session.add(OrganisationPeriod(organisation_id=identifier, valid_from=today, name=root.name))
    founded = OrganisationFounded(
        organisation_id=identifier, subject_id=identifier, actor_member_id=None, parent_id=None
    )
    await record(session, founded)
    return organisation


async def _enrol(session: Session, root: Organisation, person: MemberPatch) -> Member:
    assert person.full_name is not None
    member = Member(
        id=session.new_id(),
        organisation_id=root.id,  # an administrator need not belong to a branch here
        full_name=person.full_name,
        sort_key=sort_key(person.full_name),
        search_key=search_key(person.full_name),
        phone=person.phone,
        version=1,
        created_at=session.now(),
    )
    session.add(member)
    await session.flush()  # the post refers to them
    await record(session, MemberEnrolled(organisation_id=root.id, subject_id=member.id, actor_member_id=None))
    return member


async def _appoint(session: Session, root: Organisation, member: Member) -> None:
    post = Post(
        id=session.new_id(),
        member_id=member.id,
        organisation_id=root.id,
        kind=PostKind.administrator,
        starts_on=session.today(),
    )
    if await find_overlapping(session, post) is not None:
        raise PostAlreadyHeld
    session.add(post)
    granted = PostGranted(
        organisation_id=root.id,
        subject_id=post.id,
        actor_member_id=None,
        member_id=member.id,
        kind=post.kind,
        starts_on=post.starts_on,
        ends_on=None,
    )
    await record(session, granted)


def _keyring(settings: Settings, url: str) -> Keyring:
    database = PooledDatabase(
        url, clock=system_clock, pool_size=1, statement_timeout_ms=work.STATEMENT_TIMEOUT_MS, role=Role.worker
    )
    return Keyring(
        keys=TokenKeys(settings.keys_dir, issuer=settings.public_url),
        passwords=Passwords(PasswordHasher(), concurrency=os.cpu_count() or 1),
        vault=Vault(settings.vault_dir),
        providers=IdentityProviders(settings.oidc_providers or ()),
        independently=partial(transaction, database),
    )


def _explain(error: ValidationError) -> typer.Exit:
    problem = error.errors()[0]
    found = problem.get("ctx", {}).get("error")
    option = "--" + str(problem["loc"][0]).replace("_", "-") if problem["loc"] else ""
    if isinstance(found, FieldError):
        return refuse(f"{option}: {found.text.vi}.", f"{option}: {found.text.en}.")
    return refuse(f"{option}: chưa hợp lệ.", f"{option}: {problem['msg']}.")
