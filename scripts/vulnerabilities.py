"""Known vulnerabilities of what is pinned: pip-audit against OSV; ends with 75 where that does not answer.

    python scripts/vulnerabilities.py <requirements.txt> [--osv-url <address>]

OSV is told names and versions of public packages, nothing else.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import httpx

OSV_URL = "https://api.osv.dev/v1/query"
SKIPPED = 75
TIMEOUT_SECONDS = 5


def answers(url: str) -> bool:
    """Say whether the service can be asked; a package without a flaw is asked for."""
    try:
        body = {"package": {"name": "sotay", "ecosystem": "PyPI"}, "version": "0"}
        return httpx.post(url, json=body, timeout=TIMEOUT_SECONDS).is_success
    except httpx.TransportError:
        return False


def main() -> int:
    """Return 0 where nothing is known, 1 where something is or the audit failed, 75 where nobody could be asked."""
    parser = argparse.ArgumentParser(description="known vulnerabilities of what is pinned")
    parser.add_argument("requirements", type=Path)
    parser.add_argument("--osv-url", default=OSV_URL)
    options = parser.parse_args()
    if not answers(options.osv_url):
        print(f"skipped: {options.osv_url} does not answer; nothing was checked for known vulnerabilities")
        return SKIPPED
    with tempfile.TemporaryDirectory() as cache:
        audit = [sys.executable, "-m", "pip_audit", "--requirement", str(options.requirements)]
        # Everything is pinned already: nothing is to be resolved or installed.
        audit += ["--no-deps", "--disable-pip", "--progress-spinner", "off", "--cache-dir", cache]
        audit += ["--vulnerability-service", "osv", "--osv-url", options.osv_url]
        return min(subprocess.run(audit, check=False).returncode, 1)  # noqa: S603 argv is made here


if __name__ == "__main__":
    sys.exit(main())
