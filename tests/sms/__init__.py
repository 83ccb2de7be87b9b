"""A gateway for text messages on loopback, and a sender that keeps what it was given."""

from tests.sms.gateway import CollectingSmsSender, LoopbackGateway

__all__ = ["CollectingSmsSender", "LoopbackGateway"]
