"""Which addresses are written to, how a subscription is kept, and the key that browsers know the server by."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from app.kernel.settings import Settings
from app.kernel.web_push import PushServices, Subscription, WebPushKey, is_point

WELL_KNOWN = PushServices(Settings.model_fields["web_push_services"].default)


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://fcm.googleapis.com/fcm/send/dQw4:APA91b_x-y",
        "https://updates.push.services.mozilla.com/wpush/v2/gAAAAABn",
        "https://wns2-sg2p.notify.windows.com/w/?token=BQYAAAC%2bx%3d",
        "https://web.push.apple.com/QOjx",
    ],
)
def test_push_services_of_the_browsers_are_written_to(endpoint: str) -> None:
    assert WELL_KNOWN.include(endpoint)


@pytest.mark.parametrize(
    "endpoint",
    [
        "",
        "https://fcm.googleapis.com",
        "http://fcm.googleapis.com/x",
        "https://fcm.googleapis.com:8443/x",
        "https://user@fcm.googleapis.com/x",
        "https://fcm.googleapis.com@evil.example/x",
        "https://evil.example\\@fcm.googleapis.com/x",
        "https://evil.example/https://fcm.googleapis.com/",
        "https://evil.example#.notify.windows.com/x",
        "https://evil.example?.notify.windows.com/x",
        "https://evilnotify.windows.com/x",
        "https://notify.windows.com/x",
        "https://sub.fcm.googleapis.com/x",
        "https://fcm.googleapis.com.evil.example/x",
        "https://fcm.googleapis.com./x",
        "https://FCM.googleapis.com/x",
        "https://127.0.0.1/x",
        "https://[::1]/x",
        "https://169.254.169.254/latest/meta-data",
        "https://localhost/x",
        "file:///etc/passwd",
        "https://fcm.googleapis.com/x y",
        "https://fcm.googleapis.com/x\r\nHost: evil.example",
        "https://fcm.googleapis.com/x\n",
        " https://fcm.googleapis.com/x",
    ],
)
def test_nobody_else_is_written_to(endpoint: str) -> None:
    assert not WELL_KNOWN.include(endpoint)


def test_origin_that_is_listed_whole_is_taken_as_it_is() -> None:
    services = PushServices(" http://127.0.0.1:8123 , push.example.vn")
    assert services.include("http://127.0.0.1:8123/push/1")
    assert services.include("https://push.example.vn/push/1")
    assert not services.include("http://127.0.0.1:8124/push/1")
    assert not services.include("http://push.example.vn/push/1")
    assert not PushServices("").include("https://fcm.googleapis.com/x")


def test_subscription_is_kept_in_the_place_of_a_token() -> None:
    kept = Subscription("https://web.push.apple.com/Q/1?a", "B" + "x" * 86, "y" * 22)
    assert Subscription.read(kept.token) == kept
    assert kept.origin == "https://web.push.apple.com"
    assert Subscription.read("cXJ:APA91bFoo_bar-baz") is None


def test_key_is_made_once_for_its_owner_and_shared(tmp_path: Path) -> None:
    file = tmp_path / "web-push" / "0001.pem"
    key = WebPushKey(file)
    with pytest.raises(FileNotFoundError):
        _ = key.private
    assert len(key.public) == 87
    assert is_point(key.public)
    assert WebPushKey(file).public == key.public
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_key_of_another_curve_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "0001.pem"
    other = ec.generate_private_key(ec.SECP384R1())
    file.write_bytes(
        other.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    with pytest.raises(ValueError, match="not a P-256 private key"):
        _ = WebPushKey(file).public
