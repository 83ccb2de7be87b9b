"""What is told of the month on the terminal."""

import sys

import httpx

from demo_month.phone import expect


def refused(answer: httpx.Response, code: str) -> None:
    """Expect a refusal by its name."""
    expect(answer.headers["Content-Type"] == "application/problem+json", answer.text)
    problem = answer.json()
    expect(problem["code"] == code, problem)
    line(f"  ✗ {answer.status_code} {code}: {problem['title']}")


def title(vi: str, en: str) -> None:
    """Print a chapter's head."""
    print(f"\n\033[1m{vi}\033[0m · {en}" if sys.stdout.isatty() else f"\n== {vi} · {en}")


def line(text: str) -> None:
    """Print a line."""
    print(f"  {text}")
