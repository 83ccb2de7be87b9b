"""FCM v1's `SendMessageRequest` as strict models: what is not here, Google does not know.

https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages
"""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, JsonValue, StringConstraints, model_validator
from pydantic.alias_generators import to_camel

Duration = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,12}(\.[0-9]{1,9})?s$")]
Timestamp = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$")]
Strings = dict[str, str]
RESERVED = ("google.", "gcm.", "from", "message_type")


class _Proto(BaseModel):
    """A protobuf message in JSON: names in snake_case or lowerCamelCase."""

    model_config = ConfigDict(
        extra="forbid", strict=True, alias_generator=to_camel, validate_by_name=True, validate_by_alias=True
    )


class Options(_Proto):
    analytics_label: str | None = None


class Notification(_Proto):
    title: str | None = None
    body: str | None = None
    image: str | None = None


class Colour(_Proto):
    red: float = 0
    green: float = 0
    blue: float = 0
    alpha: float = 0


class LightSettings(_Proto):
    color: Colour
    light_on_duration: Duration
    light_off_duration: Duration


class AndroidNotification(_Proto):
    title: str | None = None
    body: str | None = None
    icon: str | None = None
    color: Annotated[str, StringConstraints(pattern=r"^#[0-9a-fA-F]{6}$")] | None = None
    sound: str | None = None
    tag: str | None = None
    click_action: str | None = None
    body_loc_key: str | None = None
    body_loc_args: list[str] | None = None
    title_loc_key: str | None = None
    title_loc_args: list[str] | None = None
    channel_id: str | None = None
    ticker: str | None = None
    sticky: bool | None = None
    event_time: Timestamp | None = None
    local_only: bool | None = None
    notification_priority: (
        Literal["PRIORITY_MIN", "PRIORITY_LOW", "PRIORITY_DEFAULT", "PRIORITY_HIGH", "PRIORITY_MAX"] | None
    ) = None
    default_sound: bool | None = None
    default_vibrate_timings: bool | None = None
    default_light_settings: bool | None = None
    vibrate_timings: list[Duration] | None = None
    visibility: Literal["PRIVATE", "PUBLIC", "SECRET"] | None = None
    notification_count: int | None = None
    light_settings: LightSettings | None = None
    image: str | None = None
    bypass_proxy_notification: bool | None = None
    proxy: Literal["ALLOW", "DENY", "IF_PRIORITY_LOWERED"] | None = None


class AndroidConfig(_Proto):
    collapse_key: str | None = None
    priority: Literal["NORMAL", "HIGH", "normal", "high"] | None = None
    ttl: Duration | None = None
    restricted_package_name: str | None = None
    data: Strings | None = None
    notification: AndroidNotification | None = None
    fcm_options: Options | None = None
    direct_boot_ok: bool | None = None
    bandwidth_constrained_ok: bool | None = None
    restricted_satellite_ok: bool | None = None


class WebpushOptions(Options):
    link: Annotated[str, StringConstraints(pattern=r"^https://")] | None = None


class WebpushConfig(_Proto):
    headers: Strings | None = None
    data: Strings | None = None
    notification: dict[str, JsonValue] | None = None
    fcm_options: WebpushOptions | None = None


class ApnsOptions(Options):
    image: str | None = None


class ApnsPayload(BaseModel):
    """Apple's, not Google's: `aps` and the app's own keys, in Apple's spelling."""

    model_config = ConfigDict(extra="allow", strict=True)
    aps: dict[str, JsonValue]


class ApnsConfig(_Proto):
    headers: Strings | None = None
    payload: ApnsPayload | None = None
    fcm_options: ApnsOptions | None = None
    live_activity_token: str | None = None


class Message(_Proto):
    name: str | None = None
    data: Strings | None = None
    notification: Notification | None = None
    android: AndroidConfig | None = None
    webpush: WebpushConfig | None = None
    apns: ApnsConfig | None = None
    fcm_options: Options | None = None
    token: str | None = None
    fid: str | None = None
    topic: str | None = None
    condition: str | None = None

    @model_validator(mode="after")
    def _one_target(self) -> Self:
        if sum(bool(target) for target in (self.token, self.fid, self.topic, self.condition)) != 1:
            raise ValueError("Recipient of the message is not set, or set more than once.")
        return self

    @model_validator(mode="after")
    def _own_keys(self) -> Self:
        for key in self.data or ():
            if key.startswith(RESERVED[:2]) or key in RESERVED[2:]:
                raise ValueError(f"Invalid data payload key: {key}")
        return self


class SendMessageRequest(_Proto):
    validate_only: bool = False
    message: Message
