"""Real processes of the command line."""

import os
import socket
import sys

SOTAY = (sys.executable, "-m", "app.cli")


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("SOTAY_")}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
