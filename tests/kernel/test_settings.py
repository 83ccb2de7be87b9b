"""Settings: read once, frozen, and refused when they contradict themselves."""

from collections.abc import Iterator
from contextlib import contextmanager
from os import environ
from pathlib import Path

import pytest
from pydantic import ValidationError

from app.kernel.settings import LogFormat, PushMode, Settings


@contextmanager
def environment(**values: str) -> Iterator[None]:
    kept = {name: value for name, value in environ.items() if name.startswith("SOTAY_")}
    for name in kept:
        del environ[name]
    environ.update(values)
    try:
        yield
    finally:
        for name in values:
            environ.pop(name, None)
        environ.update(kept)


def test_without_any_setting_it_starts_on_this_machine_and_sends_nothing() -> None:
    with environment():
        settings = Settings()

    assert settings.database_url is None
    assert settings.push is PushMode.record
    assert settings.log_format is LogFormat.json
    assert settings.keys_dir == Path(".data/keys")


def test_settings_come_from_the_environment() -> None:
    with environment(SOTAY_DATABASE_URL="postgresql+psycopg://a/b", SOTAY_DATA_DIR="/srv/so-tay", SOTAY_UNKNOWN="1"):
        settings = Settings()

    assert settings.database_url == "postgresql+psycopg://a/b"
    assert settings.keys_dir == Path("/srv/so-tay/keys")


def test_fcm_without_credentials_is_refused() -> None:
    with environment(SOTAY_PUSH="fcm"), pytest.raises(ValidationError, match="SOTAY_FCM_CREDENTIALS"):
        Settings()


def test_fcm_with_credentials_is_taken() -> None:
    with environment(SOTAY_PUSH="fcm", SOTAY_FCM_CREDENTIALS="/srv/firebase.json"):
        assert Settings().fcm_credentials == Path("/srv/firebase.json")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SOTAY_PUSH", "apns"),
        ("SOTAY_PUSH_LEASE_SECONDS", "0"),
        ("SOTAY_PUSH_TIMEOUT_SECONDS", "-1"),
        ("SOTAY_PUSH_CONCURRENCY", "1001"),
        ("SOTAY_DATABASE_POOL_SIZE", "0"),
        ("SOTAY_WORKER_HEARTBEAT_SECONDS", "soon"),
        ("SOTAY_LOG_FORMAT", "xml"),
        ("SOTAY_REQUIRE_SECOND_FACTOR", "everybody"),
        ("SOTAY_OIDC_PROVIDERS", '[{"name": "a"}]'),
        ("SOTAY_DOCS", "perhaps"),
        ("SOTAY_CORS_ORIGINS", "*"),
        ("SOTAY_CORS_ORIGINS", "null"),
        ("SOTAY_CORS_ORIGINS", "http://web.example"),
        ("SOTAY_CORS_ORIGINS", "https://web.example/"),
        ("SOTAY_CORS_ORIGINS", "https://web.example, https://other.example"),
        ("SOTAY_HSTS_SECONDS", "31536000"),  # the public URL is http://
    ],
)
def test_values_out_of_range_are_refused(name: str, value: str) -> None:
    with environment(**{name: value}), pytest.raises(ValidationError):
        Settings()


def test_identity_providers_are_told_as_json() -> None:
    told = '[{"name": "vneid", "issuer": "https://id.example", "audience": "a", "jwks_url": "https://id.example/jwks"}]'
    with environment(SOTAY_OIDC_PROVIDERS=told):
        [provider] = Settings().oidc_providers or ()
    assert (provider.name, provider.jwks_url) == ("vneid", "https://id.example/jwks")


def test_settings_cannot_be_changed() -> None:
    with environment():
        settings = Settings()
    with pytest.raises(ValidationError):
        settings.push = PushMode.fcm  # type: ignore[misc]
