"""Secrets looked at before a process starts: of the environment, of the files it names, of the data directory.

What is not there yet is made when it is needed, from the machine's own randomness, and is not judged.
"""

import json
import pwd
import re
import stat
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from app.kernel.i18n import Text
from app.kernel.passwords import is_common
from app.kernel.settings import PushMode, Settings

_MIN_TOKEN = 16
_MIN_PASSWORD = 8
_MIN_DISTINCT = 8
_MIN_KEY_DISTINCT = 16
"""Of 32 random bytes about thirty differ; fewer than sixteen do once in 10¹⁵."""
_MIN_RSA_BITS = 2048
_FERNET_BYTES = 32
_PLACEHOLDER = re.compile(
    r"(?:admin|api|bi|change|default|demo|dummy|enter|example|fake|here|insert|it|key|khau|mat|me|my|none|pass|password"
    r"|please|placeholder|postgres|replace|sample|secret|sms|sotay|test|the|this|to|token|todo|value|with|x|your)*"
)
_LOCAL = frozenset({"127.0.0.1", "::1", "localhost"})

_NOT_P256 = Text(vi="không phải khóa riêng P-256 (PEM, không mã hóa)", en="is no P-256 private key (PEM, unencrypted)")
_NOT_VAULT_KEY = Text(vi="không phải khóa Fernet ngẫu nhiên", en="is no random Fernet key")
_NOT_SERVICE_ACCOUNT = Text(
    vi="không phải tệp JSON của một service account có khóa RSA từ 2048 bit",
    en="is no service account's JSON with an RSA key of 2048 bits or more",
)
_WEAK = Text(
    vi="quá ngắn, quá đơn giản hoặc là giá trị mẫu; hãy đặt một giá trị ngẫu nhiên",
    en="is too short, too plain or a placeholder; set a random one",
)
_OPEN = Text(
    vi="mọi tài khoản trên máy đều đọc được; hãy chạy chmod 600",
    en="can be read by every account of this machine; run chmod 600",
)


@dataclass(frozen=True, slots=True)
class Weakness:
    """What is wrong with a secret; `where` is its variable or file, and nothing here quotes it."""

    where: str
    text: Text
    is_fatal: bool = True
    """Whether nothing may be started with it; a file that others can read may be how the platform hands it in."""


def find_weaknesses(settings: Settings, *, sends: bool) -> Iterator[Weakness]:
    """Yield what is wrong with the secrets that a process would use; `sends` says whether it is a worker.

    The service account's file is the workers' alone, and may not be readable for others.
    """
    if settings.sms_token is not None and _is_weak(settings.sms_token.get_secret_value(), at_least=_MIN_TOKEN):
        yield Weakness("SOTAY_SMS_TOKEN", _WEAK)
    databases = {
        "SOTAY_DATABASE_URL": settings.database_url,
        "SOTAY_DATABASE_REPLICA_URL": settings.database_replica_url,
    }
    for variable, url in databases.items():
        if url is not None and _has_weak_password(url):
            yield Weakness(variable, _WEAK)
    signing = [*_files(settings.keys_dir, "*.pem"), *_files(settings.audit_keys_dir, "*.pem")]
    browsers = _files(settings.web_push_key_file.parent, settings.web_push_key_file.name)
    for file in [*signing, *browsers]:
        yield from _judged(file, _NOT_P256, is_sound=_is_p256)
    for file in _files(settings.vault_dir, "*.key"):
        yield from _judged(file, _NOT_VAULT_KEY, is_sound=_is_vault_key)
    if sends and settings.push is PushMode.fcm and settings.fcm_credentials is not None:
        yield from _judged(settings.fcm_credentials, _NOT_SERVICE_ACCOUNT, is_sound=_is_service_account)


def _files(directory: Path, pattern: str) -> list[Path]:
    return sorted(directory.glob(pattern))


def _judged(file: Path, fault: Text, *, is_sound: Callable[[bytes], bool]) -> Iterator[Weakness]:
    try:
        content = file.read_bytes()
    except OSError as error:
        yield Weakness(str(file), _unread(file, error))
        return
    if not is_sound(content):
        yield Weakness(str(file), fault)
    elif file.stat().st_mode & stat.S_IROTH:
        yield Weakness(str(file), _OPEN, is_fatal=False)


def _unread(file: Path, error: OSError) -> Text:
    """Say why a file says nothing: what may not be read may be the right key, which nobody shall delete for it."""
    if not isinstance(error, PermissionError):
        return Text(vi=f"không đọc được: {error.strerror}", en=f"cannot be read: {error.strerror}")
    owner = _owner(file)
    return Text(
        vi=f"tài khoản đang chạy lệnh này không đọc được, tệp là của {owner}; đừng xóa, hãy trao tệp (chown) cho "
        "tài khoản của dịch vụ hoặc chạy bằng tài khoản ấy",
        en=f"cannot be read by this user, it belongs to {owner}; do not delete it, but give it (chown) to the "
        "service's user, or run this as that user",
    )


def _owner(file: Path) -> str:
    try:
        uid = file.stat().st_uid
    except OSError:
        return "?"  # its directory is closed too
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _is_p256(content: bytes) -> bool:
    try:
        key = serialization.load_pem_private_key(content, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return False
    return isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1)


def _is_vault_key(content: bytes) -> bool:
    try:
        key = urlsafe_b64decode(content.strip())
    except ValueError:
        return False
    return len(key) == _FERNET_BYTES and len(set(key)) >= _MIN_KEY_DISTINCT


def _is_service_account(content: bytes) -> bool:
    try:
        told = json.loads(content)
        key = serialization.load_pem_private_key(told["private_key"].encode(), password=None)
        is_named = told["type"] == "service_account" and bool(told["client_email"]) and bool(told["project_id"])
    except (ValueError, TypeError, KeyError, AttributeError, UnsupportedAlgorithm):
        return False
    return is_named and isinstance(key, rsa.RSAPrivateKey) and key.key_size >= _MIN_RSA_BITS


def _has_weak_password(url: str) -> bool:
    """Say whether a database on another machine is reached with a password that anybody would try."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False  # the driver says what is wrong with it
    if not parts.password or not parts.hostname or parts.hostname in _LOCAL:
        return False
    return parts.password == parts.username or _is_weak(unquote(parts.password), at_least=_MIN_PASSWORD)


def _is_weak(secret: str, *, at_least: int) -> bool:
    letters = re.sub(r"[^a-z]", "", secret.casefold())
    return (
        len(secret) < at_least
        or len(set(secret)) < min(_MIN_DISTINCT, at_least - 2)
        or is_common(secret)
        or _PLACEHOLDER.fullmatch(letters) is not None
    )
