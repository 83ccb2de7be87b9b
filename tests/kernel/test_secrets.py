"""Weak secrets are refused before anything starts, in both languages, and are never quoted."""

import json
import os
import pwd
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from typer.testing import CliRunner

from app.cli import cli
from app.kernel.secrets import find_weaknesses
from app.kernel.settings import PushMode, Settings
from app.kernel.tokens import generate_key
from tests.operations.clusters import homes

URL = "postgresql://sotay:q9-Zw7xT2@db.example/sotay"


@pytest.fixture(scope="module")
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem(key: PrivateKeyTypes) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def written(file: Path, content: bytes, mode: int = 0o600) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    file.chmod(mode)
    return file


def faults(tmp_path: Path, *, sends: bool = False, **given: Any) -> list[tuple[str, bool]]:
    settings = Settings.model_validate({"data_dir": tmp_path, "database_url": URL, **given})
    return [(found.where, found.is_fatal) for found in find_weaknesses(settings, sends=sends)]


def test_a_new_installation_and_what_it_makes_itself_are_sound(tmp_path: Path) -> None:
    assert faults(tmp_path, database_url=None) == []
    for folder in ("keys", "audit", "web-push"):
        (tmp_path / folder).mkdir()
        generate_key(tmp_path / folder / "0001.pem")
    written(tmp_path / "vault/0001.key", Fernet.generate_key())
    token = "b1946ac9-2492-4d23-80f0-6d7ac8b1a3c4"
    assert faults(tmp_path, sends=True, sms_url="https://sms.example", sms_token=token) == []


@pytest.mark.parametrize("folder", ["keys", "audit", "web-push"])
def test_a_key_of_another_curve_kind_or_content_is_refused(
    folder: str, tmp_path: Path, rsa_key: rsa.RSAPrivateKey
) -> None:
    file = tmp_path / folder / "0001.pem"
    for content in (pem(ec.generate_private_key(ec.SECP384R1())), pem(rsa_key), b"-----BEGIN", b""):
        assert faults(tmp_path / "none") == []
        written(file, content)
        assert faults(tmp_path) == [(str(file), True)]


@pytest.mark.parametrize("key", [b"", b"key", urlsafe_b64encode(bytes(32)), urlsafe_b64encode(b"ab" * 16), b"\xff"])
def test_a_vault_key_that_is_not_random_is_refused(key: bytes, tmp_path: Path) -> None:
    file = written(tmp_path / "vault/0001.key", key)
    assert faults(tmp_path) == [(str(file), True)]


def test_a_file_that_everybody_can_read_is_told_of_and_taken(tmp_path: Path) -> None:
    file = written(tmp_path / "vault/0001.key", Fernet.generate_key(), 0o644)
    assert faults(tmp_path) == [(str(file), False)]


@pytest.mark.parametrize(
    "token", ["bi-mat", "changeme-changeme", "your-api-token-here", "aaaaaaaaaaaaaaaaaaaa", "Secret-Token-12345"]
)
def test_a_text_gateways_token_that_is_short_or_a_placeholder_is_refused(token: str, tmp_path: Path) -> None:
    assert faults(tmp_path, sms_url="https://sms.example", sms_token=token) == [("SOTAY_SMS_TOKEN", True)]


@pytest.mark.parametrize(
    "password", ["sotay", "postgres", "password1", "abc12", "matkhau123", "change-me", "aaaaaaaaaa"]
)
def test_a_database_elsewhere_is_not_reached_with_a_password_that_anybody_tries(password: str, tmp_path: Path) -> None:
    for scheme in ("postgresql", "postgresql+psycopg"):
        url = f"{scheme}://sotay:{password}@db.example/sotay"
        assert faults(tmp_path, database_url=url) == [("SOTAY_DATABASE_URL", True)]
    assert faults(tmp_path, database_url=f"postgresql://sotay:{password}@127.0.0.1/sotay") == []
    assert faults(tmp_path, database_url="postgresql://sotay@db.example/sotay?sslmode=verify-full") == []


def test_a_worker_takes_only_a_service_account_for_firebase(tmp_path: Path, rsa_key: rsa.RSAPrivateKey) -> None:
    account = {
        "type": "service_account",
        "project_id": "so-tay",
        "client_email": "push@so-tay.example",
        "private_key": pem(rsa_key).decode(),
    }
    small = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 what must be refused
    file = tmp_path / "firebase.json"
    given = {"push": PushMode.fcm, "fcm_credentials": file}
    assert faults(tmp_path, sends=True, **given) == [(str(file), True)]
    assert faults(tmp_path, sends=False, **given) == []  # the API need not be able to read it
    for wrong in (
        {**account, "type": "authorized_user"},
        {**account, "private_key": pem(ec.generate_private_key(ec.SECP256R1())).decode()},
        {**account, "private_key": pem(small).decode()},
        {**account, "private_key": None},
        ["service_account"],
    ):
        written(file, json.dumps(wrong).encode())
        assert faults(tmp_path, sends=True, **given) == [(str(file), True)]
    written(file, json.dumps(account).encode())
    assert faults(tmp_path, sends=True, **given) == []
    file.chmod(0o644)
    assert faults(tmp_path, sends=True, **given) == [(str(file), False)]


@pytest.mark.parametrize("command", ["api", "worker", "serve", "admin"])
def test_nothing_starts_with_a_weak_secret_and_it_is_not_quoted(command: str, tmp_path: Path) -> None:
    written(tmp_path / "vault/0001.key", b"hunter2", 0o644)
    environment = {"SOTAY_DATABASE_URL": URL, "SOTAY_DATA_DIR": str(tmp_path)}
    options = ("--organisation", "A", "--full-name", "Lê A", "--phone", "0900000001") if command == "admin" else ()
    done = CliRunner().invoke(cli, [command, *options], env=environment, prog_name="sotay")
    assert done.exit_code == 2
    vietnamese, english = done.stderr.splitlines()
    assert vietnamese == f"{tmp_path}/vault/0001.key: không phải khóa Fernet ngẫu nhiên"
    assert english == f"{tmp_path}/vault/0001.key: is no random Fernet key"
    assert "hunter2" not in done.output


@contextmanager
def nobody() -> Iterator[None]:
    """Another user than root, whom no mode of a file binds."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(pwd.getpwnam("nobody").pw_uid)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.parametrize(
    "name", ["keys/0001.pem", "audit/0001.pem", "web-push/0001.pem", "vault/0001.key", "firebase.json"]
)
def test_a_key_that_may_not_be_read_is_not_called_a_wrong_one(name: str) -> None:
    with homes() as place:
        file = written(place / name, b"")
        file.parent.chmod(0o755)
        given = {"data_dir": place, "push": PushMode.fcm, "fcm_credentials": place / "firebase.json"}
        settings = Settings.model_validate({"database_url": URL, **given})

        def said() -> tuple[str, str]:
            (found,) = (each for each in find_weaknesses(settings, sends=True) if each.where == str(file))
            assert found.is_fatal
            return found.text.vi, found.text.en

        wrong = said()
        file.chmod(0o000)
        with nobody():
            vietnamese, english = said()
        assert "is no" in wrong[1]
        me = pwd.getpwuid(os.geteuid()).pw_name
        assert f"không đọc được, tệp là của {me}; đừng xóa" in vietnamese
        assert f"cannot be read by this user, it belongs to {me}; do not delete it" in english


@pytest.mark.parametrize("name", ["keys/0001.pem", "vault/0001.key"])
def test_a_key_that_cannot_be_read_at_all_says_why(name: str, tmp_path: Path) -> None:
    (tmp_path / name).mkdir(parents=True)
    settings = Settings.model_validate({"data_dir": tmp_path, "database_url": URL})
    (found,) = find_weaknesses(settings, sends=False)
    assert (found.where, found.text.en) == (str(tmp_path / name), "cannot be read: Is a directory")
