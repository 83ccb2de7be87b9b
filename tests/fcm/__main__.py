"""Runs the loopback FCM as a process of its own: `python -m tests.fcm DIRECTORY [PORT]`, for benches."""

import signal
import sys
from pathlib import Path

from tests.fcm import LoopbackFcm


def main() -> None:
    """Print the address, then the count of accepted pushes for each line read, until the input ends."""
    port = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with LoopbackFcm(Path(sys.argv[1]), port=port) as fcm:
        sys.stdout.write(f"{fcm.url}\n")
        sys.stdout.flush()
        for _ in sys.stdin:
            sys.stdout.write(f"{len(fcm.accepted)}\n")
            sys.stdout.flush()


main()
