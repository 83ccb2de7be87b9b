"""A push service on loopback, as strict as browsers' own, and browsers that are subscribed to it."""

from tests.webpush.server import Browser, LoopbackPushService

__all__ = ["Browser", "LoopbackPushService"]
