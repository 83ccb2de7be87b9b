"""Sends messages with Google's client for Python to a stub, 500 at a time; prints {sent, seconds}."""

import asyncio
import json
import sys
import time
from typing import Any

import firebase_admin
from firebase_admin import credentials, messaging


async def main(account: str, url: str, count: int, given: dict[str, Any]) -> None:
    messaging._MessagingService.FCM_URL = url + "/v1/projects/{0}/messages:send"  # noqa: SLF001 it names Google itself
    firebase_admin.initialize_app(credentials.Certificate(account))
    android = messaging.AndroidConfig(
        priority=given["android"]["priority"],
        ttl=86_000,
        collapse_key=given["android"]["collapseKey"],
        notification=messaging.AndroidNotification(
            tag=given["android"]["notification"]["tag"],
            channel_id=given["android"]["notification"]["channelId"],
            title_loc_key=given["android"]["notification"]["titleLocKey"],
            body_loc_key=given["android"]["notification"]["bodyLocKey"],
        ),
    )
    began = time.perf_counter()
    sent = 0
    for start in range(0, count, 500):
        batch = [
            messaging.Message(token=f"{'t' * 140}{n}", data=given["data"], android=android)
            for n in range(start, min(start + 500, count))
        ]
        sent += (await messaging.send_each_async(batch)).success_count
    print(json.dumps({"sent": sent, "seconds": time.perf_counter() - began}))


asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), json.load(sys.stdin)))
