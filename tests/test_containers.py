"""The compose file and the proxy's configuration, as they are read: settings reach the processes, nodes are found."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.kernel.settings import Settings

ROOT = Path(__file__).parents[1]
COMPOSE = (ROOT / ".docker/compose.yaml").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
HEAD = COMPOSE.partition("name: sotay\n")[0]
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(COMPOSE)["services"]  # Any: what YAML may hold
OURS = {name: service for name, service in SERVICES.items() if "env_file" in service}
FIXED = {"SOTAY_FCM_CREDENTIALS", "SOTAY_METRICS_HOST", "SOTAY_METRICS_PORT"}


@pytest.mark.parametrize("service", OURS)
def test_a_setting_that_goes_before_the_settings_file_is_named_in_the_head_or_fixed(service: str) -> None:
    settings = {f"SOTAY_{name.upper()}" for name in Settings.model_fields}
    assert OURS[service]["env_file"] == [{"path": "sotay.env", "required": False}]
    for name, value in OURS[service]["environment"].items():
        if name in FIXED:
            assert "$" not in str(value)
        elif name in settings:
            assert f"- {name}:" in HEAD


def test_every_variable_of_the_compose_file_is_named_in_its_head() -> None:
    assert set(re.findall(r"\$\{(\w+)", COMPOSE)) <= set(re.findall(r"\w+", HEAD))


def test_api_and_workers_sign_in_as_they_are_told_and_the_owners_commands_as_the_owner() -> None:
    owner = "postgresql://sotay:${POSTGRES_PASSWORD}@postgres/sotay"
    urls = {name: service["environment"]["SOTAY_DATABASE_URL"] for name, service in OURS.items()}
    told = f"${{SOTAY_DATABASE_URL:-{owner}}}"
    assert urls == {"migrate": owner, "api": told, "api2": told, "worker": told}


def test_the_proxys_errors_go_where_systemd_lets_them() -> None:
    assert "/dev/std" not in (ROOT / ".docker/nginx.conf").read_text(encoding="utf-8")
