"""The loopback refuses what Google refuses, so that a passing sender means something."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from firebase_admin.credentials import Certificate

from tests.fcm import LoopbackFcm

URL = "/v1/projects/so-tay-loopback/messages:send"


@pytest.fixture
def fcm(tmp_path: Path) -> Iterator[LoopbackFcm]:
    with LoopbackFcm(tmp_path, strict=True) as running:
        running.register("lan")
        yield running


@pytest.fixture
def http(fcm: LoopbackFcm) -> Iterator[httpx.Client]:
    access_token = Certificate(str(fcm.credentials_file)).get_access_token().access_token
    with httpx.Client(base_url=fcm.url, headers={"Authorization": f"Bearer {access_token}"}, trust_env=False) as client:
        yield client


def test_message_in_order_is_accepted(fcm: LoopbackFcm, http: httpx.Client) -> None:
    answer = http.post(URL, json={"message": {"token": "lan", "data": {"id": "1"}}})
    assert answer.status_code == 200
    assert answer.json()["name"].startswith("projects/so-tay-loopback/messages/")
    assert [push.message["data"] for push in fcm.pushes_to("lan")] == [{"id": "1"}]


@pytest.mark.parametrize(
    ("message", "field"),
    [
        ({"token": "lan", "colour": "red"}, "message"),
        ({"token": "lan", "android": {"notification": {"titel": "x"}}}, "message.android.notification"),
        ({"token": "lan", "data": {"id": 1}}, "message.data.id"),
        ({"token": "lan", "data": {"google.id": "1"}}, "message"),
        ({"token": "lan", "topic": "all"}, "message"),
        ({"data": {"id": "1"}}, "message"),
        ({"token": "lan", "android": {"ttl": "2h"}}, "message.android.ttl"),
        ({"token": "lan", "android": {"ttl": 20}}, "message.android.ttl"),
        ({"token": "lan", "apns": {"payload": {"alert": "x"}}}, "message.apns.payload.aps"),
        ({"token": "lan", "apns": {"headers": {"apns-priority": 10}}}, "message.apns.headers.apns-priority"),
        ({"token": "lan", "webpush": {"fcm_options": {"link": "http://a/"}}}, "message.webpush.fcm_options"),
        ({"token": "lan", "data": {"a": "x" * 4096}}, "message"),
    ],
)
def test_message_out_of_order_names_its_field(
    fcm: LoopbackFcm, http: httpx.Client, message: dict[str, Any], field: str
) -> None:
    answer = http.post(URL, json={"message": message})
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["status"]) == (400, 400, "INVALID_ARGUMENT")
    assert error["details"][0]["@type"] == "type.googleapis.com/google.rpc.BadRequest"
    assert error["details"][0]["fieldViolations"][0]["field"].startswith(field)
    assert fcm.accepted == []


def test_unknown_token_is_unregistered(http: httpx.Client) -> None:
    answer = http.post(URL, json={"message": {"token": "stranger"}})
    assert answer.status_code == 404
    assert answer.json() == {
        "error": {
            "code": 404,
            "message": "Requested entity was not found.",
            "status": "NOT_FOUND",
            "details": [
                {
                    "@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError",
                    "errorCode": "UNREGISTERED",
                }
            ],
        }
    }


def test_access_token_it_did_not_issue_is_refused(fcm: LoopbackFcm, http: httpx.Client) -> None:
    body = {"message": {"token": "lan"}}
    for headers in ({"Authorization": "Bearer made-up"}, {"Authorization": ""}):
        assert http.post(URL, json=body, headers=headers).status_code == 401
    fcm.oauth.revoke()
    assert http.post(URL, json=body).json()["error"]["status"] == "UNAUTHENTICATED"


def test_other_project_path_or_content_type_is_refused(http: httpx.Client) -> None:
    body = json.dumps({"message": {"token": "lan"}})
    typed = {"Content-Type": "application/json"}
    assert http.post("/v1/projects/other/messages:send", content=body, headers=typed).status_code == 403
    assert http.post("/v1/messages:send", content=body, headers=typed).status_code == 404
    assert http.post(URL, content=body, headers={"Content-Type": "text/plain"}).status_code == 400


def test_assertion_signed_by_another_key_gets_no_access_token(http: httpx.Client) -> None:
    grant = "urn:ietf:params:oauth:grant-type:jwt-bearer"
    answer = http.post("/token", data={"grant_type": grant, "assertion": "e30.e30.c2ln"})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    assert http.post("/token", data={"grant_type": "password"}).status_code == 400
