"""The application: settings in, an ASGI app out."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from argon2 import PasswordHasher
from fastapi import FastAPI

from app import api
from app.documents.store import DocumentStore
from app.identity import queries as identity_queries
from app.identity.keyring import Keyring
from app.kernel import access_page, openapi, problem_pages, problems, service_routes
from app.kernel.bodies import MAX_JSON_BYTES
from app.kernel.clock import system_clock
from app.kernel.compression import Compression
from app.kernel.cross_origin import CrossOrigin
from app.kernel.db import Database, PooledDatabase, transaction
from app.kernel.heads import Heads
from app.kernel.id_tokens import IdentityProviders
from app.kernel.passwords import Passwords
from app.kernel.pokes import Pokes, closed_at_stop
from app.kernel.rates import RateLimiter
from app.kernel.replicas import Replica
from app.kernel.requests import RequestContext
from app.kernel.revisions import older_revisions
from app.kernel.roles import Role
from app.kernel.security import NEEDING_SECOND_FACTOR
from app.kernel.settings import Settings
from app.kernel.telemetry import AskedAtScrape, RequestMeters, exposed, start_tracing
from app.kernel.tokens import TokenKeys
from app.kernel.typesetting import Typesetter
from app.kernel.vault import Vault
from app.kernel.web_push import PushServices, WebPushKey
from app.notices import NOTICES
from app.notifications.figures.gauges import measure

DESCRIPTION = """\
Backend của Sổ tay đảng viên điện tử: lịch sinh hoạt chi bộ, thông báo, góp ý nghị quyết, nhật ký hoạt động.

The backend of the electronic party member handbook. Errors are `application/problem+json` in Vietnamese or
English (`Accept-Language`); branch on `code`. Instants are UTC with `Z`, with the `time_zone` a person must be in
beside them.

An account may make so many requests a minute as `RateLimit-Policy` says, and has as many left as `RateLimit` says;
beyond that 429 names in `Retry-After` how long to wait. An app sends its version as `App-Version`; one that is too old
is answered 426 `app_too_old` with the `minimum_version`, whatever it asks.

A POST that creates or sends takes an `Idempotency-Key`: sent again under the same key, it takes effect once and is
answered as before. `Prefer: return=minimal` spares the body of what was changed. `type` of a problem is the address of
a page about its code, in both languages.
"""
STATEMENT_TIMEOUT_MS = 2_000


@dataclass(frozen=True, slots=True)
class Parts:
    """What the application is put together from; tests hand in their own database, clock and cheaper hashing."""

    settings: Settings
    database: Database
    passwords: Passwords
    keys: TokenKeys
    figures: Database | None = None
    """Asked when somebody scrapes the figures of the whole service, which the API's own role does not meet."""
    replica: Replica | None = None

    @classmethod
    def real(cls, settings: Settings) -> "Parts":
        """Make the parts the service runs on; `settings.database_url` must be set by now."""
        assert settings.database_url is not None
        replica = settings.database_replica_url
        pool = {"pool_size": settings.database_pool_size, "statement_timeout_ms": STATEMENT_TIMEOUT_MS}
        return cls(
            settings=settings,
            database=PooledDatabase(settings.database_url, clock=system_clock, role=Role.app, **pool),
            figures=PooledDatabase(
                settings.database_url, clock=system_clock, role=Role.worker, **(pool | {"pool_size": 1})
            ),
            replica=None if replica is None else Replica(replica, clock=system_clock, role=Role.app, **pool),
            passwords=Passwords(PasswordHasher(), concurrency=max((os.cpu_count() or 1) - 1, 1)),
            keys=TokenKeys(settings.keys_dir, issuer=settings.public_url),
        )


def create_app(parts: Parts) -> FastAPI:
    """Put the application together."""
    app = build_app()
    furnish(app, parts)
    return app


def build_app() -> FastAPI:
    """Build the house: routes, handlers, document; nobody can live in it before `furnish`."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        settings: Settings = app.state.settings
        silence = timedelta(seconds=3 * settings.worker_heartbeat_seconds)
        registry = app.state.meters.registry
        registry.register(AskedAtScrape(partial(measure, app.state.figures, silence=silence)))
        async with exposed(registry, host=settings.metrics_host, port=settings.metrics_port):
            with closed_at_stop(app.state.pokes):
                yield
        await app.state.database.close()
        await app.state.figures.close()
        if app.state.replica is not None:
            await app.state.replica.close()

    app = FastAPI(
        title="Sổ tay",
        summary="Backend of the electronic party member handbook",
        description=DESCRIPTION,
        version="1.0.0",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        generate_unique_id_function=openapi.operation_id,
        max_body_size=MAX_JSON_BYTES,
        redirect_slashes=False,
        separate_input_output_schemas=False,
        # Spans alone, and those only once somebody asks for them: FastAPI's logs would hold messages of exceptions.
        telemetry={"metrics": False, "logs": False, "operation_spans": False, "auto_configure": False},
    )
    app.state.notices = NOTICES
    app.state.older_revisions = older_revisions()
    api.serve_screens(app)
    app.include_router(service_routes.router)
    app.include_router(problem_pages.router)
    app.include_router(access_page.router)
    app.include_router(api.well_known)
    api.serve_features(app)
    service_routes.install_docs(app)
    problems.install(app)
    openapi.install(app)
    app.add_middleware(Compression)
    app.add_middleware(CrossOrigin)
    app.add_middleware(RequestContext)
    app.add_middleware(Heads)
    return app


def furnish(app: FastAPI, parts: Parts) -> None:
    """Put the parts where the routes find them."""
    app.state.settings = parts.settings
    app.state.database = parts.database
    app.state.figures = parts.figures or parts.database
    app.state.replica = parts.replica
    app.state.documents = DocumentStore.open(parts.settings.documents_url, directory=parts.settings.documents_dir)
    app.state.pokes = Pokes(parts.database, most=parts.settings.live_streams)
    app.state.meters = RequestMeters()
    app.state.keyring = Keyring(
        keys=parts.keys,
        passwords=parts.passwords,
        vault=Vault(parts.settings.vault_dir),
        providers=IdentityProviders(parts.settings.oidc_providers or ()),
        independently=partial(transaction, parts.database),
    )
    app.state.typesetter = Typesetter()
    app.state.push_services = PushServices(parts.settings.web_push_services)
    app.state.web_push_key = WebPushKey(parts.settings.web_push_key_file)
    per_minute = parts.settings.rate_limit_per_minute
    app.state.rate_limiter = RateLimiter(per_minute) if per_minute else None
    app.state.second_factor_of = NEEDING_SECOND_FACTOR[parts.settings.require_second_factor]
    app.state.authenticate = partial(
        identity_queries.authenticate, keys=parts.keys, second_factor_of=app.state.second_factor_of
    )


def from_environment() -> FastAPI:
    """Make the application from `SOTAY_…`; uvicorn's factory in every process of `sotay api`."""
    settings = Settings()
    start_tracing(settings.otlp_url, process="api")
    return create_app(Parts.real(settings))
