"""Traces by OpenTelemetry to a collector of the operator's own; imported with the extra `telemetry` only.

FastAPI's own spans name the path and the query, which may hold a secret or a telephone number: they end here. A
statement is a span by its verb and its first table, never by its text.
"""

import re
from collections.abc import Sequence
from typing import Any

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode
from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import ExceptionContext

from app.kernel.db import Base

TOLD = frozenset({
    "http.request.method", "http.route", "http.response.status_code", "error.type",
    "db.system.name", "db.operation.name", "db.collection.name",
})  # fmt: skip
"""Templates, numbers and names of classes; whatever else a library adds is not passed on."""


class NobodyNamed(SpanExporter):
    """Hands over spans without anything that may name somebody: attributes not told, events, and callers' own words."""

    def __init__(self, inner: SpanExporter) -> None:
        self._inner = inner

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        return self._inner.export([_bare(span) for span in spans])

    def shutdown(self) -> None:
        self._inner.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._inner.force_flush(timeout_millis)


def start(url: str, *, process: str) -> None:
    """Send the spans of this process to the collector at `url` (OTLP over HTTP), in batches, from a thread."""
    # Only this name of it: a host's or a user's says where and who.
    provider = TracerProvider(resource=Resource({SERVICE_NAME: f"sotay-{process}"}))
    exporter = OTLPSpanExporter(endpoint=f"{url.rstrip('/')}/v1/traces")
    provider.add_span_processor(BatchSpanProcessor(NobodyNamed(exporter)))
    trace.set_tracer_provider(provider)
    Statements(provider.get_tracer("sotay")).listen()


class Statements:
    """Makes each statement that SQLAlchemy sends a span, a child of the request or job that it belongs to."""

    _VERB = re.compile(r"\b(?:SELECT|INSERT|UPDATE|DELETE|LOCK|VACUUM)\b", re.IGNORECASE)
    _TABLE = re.compile(r"\b(?:FROM|INTO|UPDATE|JOIN|TABLE)\s+([a-z_]+)", re.IGNORECASE)
    _KEPT = "sotay_span"

    def __init__(self, tracer: trace.Tracer) -> None:
        self._tracer = tracer

    def listen(self) -> None:
        """Be told of the statements of all engines."""
        event.listen(Engine, "before_cursor_execute", self._begin)
        event.listen(Engine, "after_cursor_execute", self._end)
        event.listen(Engine, "handle_error", self._fail)

    def _begin(self, connection: Connection, _cursor: Any, statement: str, *_: Any) -> None:
        # Any: the driver's own; what follows are values.
        verb = self._VERB.search(statement)
        operation = verb[0].upper() if verb else "OTHER"
        # Names of our tables and no other word: neither a CTE's nor what stands in a literal.
        tables = (found[1] for found in self._TABLE.finditer(statement))
        table = next((name for name in tables if name in Base.metadata.tables), None)
        told = {"db.system.name": "postgresql", "db.operation.name": operation}
        if table is not None:
            told["db.collection.name"] = table
        name = operation if table is None else f"{operation} {table}"
        connection.info[self._KEPT] = self._tracer.start_span(name, kind=SpanKind.CLIENT, attributes=told)

    def _end(self, connection: Connection, *_: Any) -> None:
        # Any: as above; one connection runs one statement at a time.
        span: trace.Span | None = connection.info.pop(self._KEPT, None)
        if span is not None:
            span.end()

    def _fail(self, failure: ExceptionContext) -> None:
        if failure.connection is None or failure.connection.invalidated:
            return
        span: trace.Span | None = failure.connection.info.pop(self._KEPT, None)
        if span is not None:
            span.set_attribute("error.type", type(failure.original_exception).__name__)
            span.set_status(StatusCode.ERROR)
            span.end()


def _bare(span: ReadableSpan) -> ReadableSpan:
    return ReadableSpan(
        name=span.name,
        context=_without_state(span.context),
        parent=_without_state(span.parent),
        resource=span.resource,
        attributes={name: value for name, value in (span.attributes or {}).items() if name in TOLD},
        kind=span.kind,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _without_state(context: SpanContext | None) -> SpanContext | None:
    """`tracestate` is the caller's own text."""
    if context is None:
        return None
    return SpanContext(context.trace_id, context.span_id, context.is_remote, context.trace_flags)
