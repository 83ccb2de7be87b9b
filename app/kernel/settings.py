"""Every setting of the service, read once from the environment (`SOTAY_…`); secrets have no defaults."""

from enum import StrEnum
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

_ORIGIN = r"(https://[a-z0-9.-]+|http://(127\.0\.0\.1|localhost|\[::1\]))(:[0-9]{1,5})?"
APP_VERSION = r"[0-9]{1,9}(\.[0-9]{1,9}){0,3}"
"""How a version of the app begins."""


class PushMode(StrEnum):
    """Where pushes go: to Firebase Cloud Messaging, or only onto the screen."""

    fcm = "fcm"
    record = "record"


class LogFormat(StrEnum):
    json = "json"
    console = "console"


class Docs(StrEnum):
    """Whether `/docs` and `/openapi.json` are served."""

    on = "on"
    off = "off"


class SecondFactorOf(StrEnum):
    """Whose posts give rights only with a second factor."""

    nobody = "nobody"
    administrators = "administrators"
    officers = "officers"


class IdentityProvider(BaseModel):
    """An OpenID Connect provider whose ID tokens sign in; its keys are fetched over https, or from this machine."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z0-9-]{1,40}$")
    issuer: str = Field(min_length=1)
    audience: str = Field(min_length=1)
    jwks_url: str = Field(pattern=r"^(https://[^\s/]+|http://(127\.0\.0\.1|localhost|\[::1\])(:[0-9]+)?)(/\S*)?$")


class Settings(BaseSettings):
    """One frozen object; README's configuration table lists the same names in the same order."""

    model_config = SettingsConfigDict(env_prefix="SOTAY_", frozen=True, extra="ignore")

    database_url: str | None = Field(
        default=None, description="PostgreSQL ≥ 15; without it one is started in the data directory"
    )
    database_replica_url: str | None = Field(
        default=None,
        description="A streaming replica of it, which reports and searches are asked of while it is not behind",
    )
    data_dir: Path = Field(default=Path(".data"), description="Signing keys, files, and the embedded PostgreSQL")
    documents_url: str | None = Field(
        default=None,
        pattern=r"^s3://[a-z0-9.-]+(/.*)?$",
        description="`s3://bucket/prefix` for uploaded files; without it they lie in the data directory",
    )
    public_url: str = Field(
        default="http://127.0.0.1:8000",
        description="Where phones reach this server; links in pushes begin with it",
    )
    push: PushMode = Field(
        default=PushMode.record, description="`fcm` sends; `record` prints each push as a phone would show it"
    )
    fcm_credentials: Path | None = Field(default=None, description="Service-account file of the Firebase project")
    fcm_url: str = Field(default="https://fcm.googleapis.com", description="Base address of FCM's HTTP v1 API")
    web_push_services: str = Field(
        default="fcm.googleapis.com,updates.push.services.mozilla.com,*.notify.windows.com,*.push.apple.com",
        description="Hosts that browsers' subscriptions may name; nothing is sent to any other",
    )
    web_push_contact: str | None = Field(
        default=None,
        pattern=r"^(mailto:[^\s@]+@[^\s@]+|https://\S+)$",
        description="Where push services may write to about this server; without it they are told the public URL",
    )
    sms_url: str | None = Field(
        default=None,
        pattern=r"^https?://\S+$",
        description="HTTP gateway for text messages to members without a smartphone; without it none is sent",
    )
    sms_token: SecretStr | None = Field(default=None, description="The gateway's bearer token")
    sms_sender: str = Field(
        default="SoTay",
        pattern=r"^[A-Za-z0-9 ._+-]{1,16}$",
        description="The sender that the gateway shall name, as registered with the carriers",
    )
    push_lease_seconds: float = Field(
        default=60,
        gt=0,
        description="How long a worker may hold deliveries before another takes them over: much more than the timeout"
        " and 20, which are left for the last answer",
    )
    push_timeout_seconds: float = Field(default=15, gt=0, description="How long one send may take")
    push_concurrency: int = Field(
        default=100, ge=1, le=1000, description="Sends under way at once in one worker process"
    )
    push_per_second: int = Field(
        default=5000, ge=1, description="Pushes a second from all workers together; FCM's usual quota is twice that"
    )
    worker_core: int | None = Field(
        default=None,
        ge=0,
        description="Keep the worker process to one of the machine's cores, counted around: its two threads then do not"
        " wake each other across cores. Give each worker another number; without it none is kept anywhere",
    )
    worker_heartbeat_seconds: float = Field(
        default=10, gt=0, description="A worker silent for three of these is taken for dead"
    )
    database_pool_size: int = Field(
        default=10, ge=1, description="Connections one process holds at most, beside four for the home screen"
    )
    rate_limit_per_minute: int = Field(
        default=120, ge=0, description="Requests one account may make a minute to one API process; 0 sets no limit"
    )
    live_streams: int = Field(
        default=800,
        ge=1,
        description="Live screens that one API process holds at once, each an open file (`ulimit -n`)",
    )
    require_second_factor: SecondFactorOf = Field(
        default=SecondFactorOf.nobody,
        description="Whose posts give rights only with a second factor: `nobody`'s, those of `administrators` (and "
        "auditors), or of `officers` (leaders and committee officers) too; everybody may have one",
    )
    oidc_providers: tuple[IdentityProvider, ...] | None = Field(
        default=None,
        description='Identity providers, as JSON: `[{"name": …, "issuer": …, "audience": …, "jwks_url": …}]`',
    )
    minimum_app_version: str | None = Field(
        default=None,
        pattern=rf"^{APP_VERSION}$",
        description="Requests whose `App-Version` is below it are refused; without it none is",
    )
    docs: Docs = Field(
        default=Docs.on, description="`off`: neither `/docs` nor `/openapi.json` is served; the pages of problems stay"
    )
    cors_origins: str | None = Field(
        default=None,
        pattern=rf"^{_ORIGIN}(,{_ORIGIN})*$",
        description="Origins of web apps, separated by commas, that browsers let read the answers; without it none",
    )
    hsts_seconds: int = Field(
        default=0,
        ge=0,
        le=63_072_000,
        description="How long browsers shall come over TLS only (Strict-Transport-Security); 0 says nothing of it",
    )
    metrics_host: str = Field(default="127.0.0.1", description="Address that the metrics are served on")
    metrics_port: int | None = Field(
        default=None,
        ge=1,
        le=65_534,
        description="Port of a process's `GET /metrics`, its worker's in `serve` the next; without it there is none",
    )
    otlp_url: str | None = Field(
        default=None,
        pattern=r"^https?://[^\s?#]+$",
        description="OpenTelemetry collector (OTLP over HTTP) that traces are sent to; without it there are none",
    )
    log_format: LogFormat = Field(default=LogFormat.json, description="`json` for machines, `console` for people")

    @model_validator(mode="after")
    def _fcm_needs_credentials(self) -> Self:
        if self.push is PushMode.fcm and self.fcm_credentials is None:
            message = "SOTAY_PUSH=fcm needs SOTAY_FCM_CREDENTIALS: the service-account file of the Firebase project"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _sms_needs_a_token(self) -> Self:
        if self.sms_url is not None and self.sms_token is None:
            message = "SOTAY_SMS_URL needs SOTAY_SMS_TOKEN: the gateway's bearer token"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _hsts_needs_tls(self) -> Self:
        if self.hsts_seconds and not self.public_url.startswith("https://"):
            message = "SOTAY_HSTS_SECONDS needs TLS in front: a SOTAY_PUBLIC_URL that begins with https://"
            raise ValueError(message)
        return self

    @property
    def keys_dir(self) -> Path:
        """Private keys (PEM, one a file) that sign access tokens; the newest signs, all verify."""
        return self.data_dir / "keys"

    @property
    def audit_keys_dir(self) -> Path:
        """Private keys (PEM, one a file) that sign anchors; an old one stays as long as its anchors do."""
        return self.data_dir / "audit"

    @property
    def vault_dir(self) -> Path:
        """Keys (one a file) that encrypt what must be readable again, such as the secrets of authenticator apps."""
        return self.data_dir / "vault"

    @property
    def documents_dir(self) -> Path:
        """Uploaded files, where no bucket is set."""
        return self.data_dir / "documents"

    @property
    def web_push_key_file(self) -> Path:
        """The private key (PEM) that push services know this server by; browsers are subscribed to it for good."""
        return self.data_dir / "web-push" / "0001.pem"
