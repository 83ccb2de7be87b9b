"""A Firebase Cloud Messaging on loopback, as strict as Google's, that fails on demand."""

from tests.fcm import answers
from tests.fcm.server import LoopbackFcm, Push

__all__ = ["LoopbackFcm", "Push", "answers"]
