"""The proxy's configuration, as it is read."""

from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_proxys_errors_go_where_systemd_lets_them() -> None:
    assert "/dev/std" not in (ROOT / ".docker/nginx.conf").read_text(encoding="utf-8")
