"""The compose file and the proxy's configuration, as they are read: settings reach the processes, nodes are found."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.kernel.db import _READERS
from app.kernel.queue import QueueConnector
from app.kernel.settings import Settings
from app.worker import CONCURRENCY

ROOT = Path(__file__).parents[1]
COMPOSE = (ROOT / ".docker/compose.yaml").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
HEAD = COMPOSE.partition("name: sotay\n")[0]
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(COMPOSE)["services"]  # Any: what YAML may hold
OURS = {name: service for name, service in SERVICES.items() if "env_file" in service}
FIXED = {"SOTAY_FCM_CREDENTIALS", "SOTAY_METRICS_HOST", "SOTAY_METRICS_PORT"}


def without_comments(name: str) -> str:
    lines = (ROOT / ".docker" / name).read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if not line.lstrip().startswith("#"))


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
    assert urls == {"migrate": owner, "backup": owner, "api": told, "api2": told, "worker": told}


def test_only_this_host_reaches_the_proxy_unless_it_is_told_otherwise() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published == {"proxy": ["${SOTAY_BIND:-127.0.0.1}:${SOTAY_PORT:-8000}:80"]}


def test_postgresql_takes_the_connections_of_all_that_the_forms_start() -> None:
    pool = Settings.model_fields["database_pool_size"].default
    api = pool + _READERS + 1  # one for the figures
    queue = QueueConnector("")._pool_args["max_size"]  # noqa: SLF001 Procrastinate keeps it to itself
    worker = pool + queue + len(CONCURRENCY)  # each lane listens on one of its own
    assert f"an API holds {api} at most, a worker {worker}," in README
    assert f"two and two {2 * api + 2 * worker}, two and nine {2 * api + 9 * worker}" in README
    settings = re.findall(r"max_connections=(\d+)", " ".join(SERVICES["postgres"]["command"]))
    assert int(settings[0]) > 2 * api + 9 * worker + 20


def test_the_proxy_names_the_nodes_that_there_are_and_asks_for_their_addresses_again() -> None:
    nodes = without_comments("nodes.conf")
    serving = {name for name, service in OURS.items() if "command" not in service}
    named = re.findall(r"^ +server (\w+):8000 resolve ", nodes, re.MULTILINE)
    assert sorted(named) == sorted(serving)
    assert nodes.count("server ") == len(named)
    assert {"zone", "resolver"} <= set(re.findall(r"^ +(\w+) ", nodes, re.MULTILINE))
    assert set(re.findall(r"http://(\w+);", without_comments("nginx.conf"))) == {"sotay"}
    assert nodes.startswith("upstream sotay {")
    version = tuple(int(part) for part in SERVICES["proxy"]["image"].partition(":")[2].split("."))
    assert version >= (1, 28)


def test_the_proxys_errors_go_where_systemd_lets_them() -> None:
    assert "/dev/std" not in (ROOT / ".docker/nginx.conf").read_text(encoding="utf-8")


def test_what_readme_asks_of_a_service_names_one_that_there_is() -> None:
    options = r"(?:-\S+(?: \"\$PWD:/in:ro\")? )*"
    asked = re.findall(rf"docker compose (?:run|exec|up|build) {options}(\w+)", README)
    assert set(asked) >= {"api", "backup", "migrate", "worker"}
    assert set(asked) <= set(SERVICES)
