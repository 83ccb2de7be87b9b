"""Traces by OpenTelemetry to a collector of the operator's own; imported with the extra `telemetry` only.

FastAPI's own spans name the path and the query, which may hold a secret or a telephone number: they end here.
"""

from collections.abc import Sequence

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import SpanContext, Status

TOLD = frozenset({
    "http.request.method", "http.route", "http.response.status_code", "error.type"
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
