"""The scripts everybody starts with, run with stand-ins on PATH so that nothing is installed."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = (
    *(
        f"scripts/{name}"
        for name in ("serve", "test", "check", "check-clients", "check-fuzz", "check-phones", "demo", "sbom")
    ),
    ".ci/run",
)


def put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/bash\n{text}\n")
    path.chmod(0o755)


def run(*argv: str | Path, cwd: Path = ROOT, **environment: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        argv,
        cwd=cwd,
        env=os.environ | {name: str(value) for name, value in environment.items()},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("script", SCRIPTS)
def test_script_is_executable_and_parses(script: str) -> None:
    assert os.access(ROOT / script, os.X_OK)
    assert run("bash", "-n", script).returncode == 0


def test_serve_installs_quietly_without_dev_tools_and_passes_its_arguments_on(tmp_path: Path) -> None:
    environment = tmp_path / "environment"
    put(tmp_path / "bin/uv", f'echo "uv $*, downloads: $UV_PYTHON_DOWNLOADS" >>{tmp_path}/calls')
    put(environment / "bin/sotay", 'printf "<%s>" "$@"')
    (environment / "bin/python").symlink_to(sys.executable)
    done = run(
        ROOT / "scripts/serve",
        *("--demo", "--data-dir", "my data", "--port", "9000", "--data-dir=/absolute"),
        cwd=tmp_path,
        PATH=f"{tmp_path / 'bin'}:{os.environ['PATH']}",
        UV_PROJECT_ENVIRONMENT=environment,
    )
    expected = f"<serve><--demo><--data-dir><{tmp_path}/my data><--port><9000><--data-dir></absolute>"
    assert (done.stdout, done.stderr, done.returncode) == (expected, "", 0)
    calls = (tmp_path / "calls").read_text().splitlines()
    assert calls[-1] == "uv sync --quiet --frozen --inexact --no-dev --extra demo, downloads: never"


def test_machine_without_a_new_python_is_told_in_both_languages(tmp_path: Path) -> None:
    for name in ("python3", "python3.14", "python3.13", "python3.12", "python3.11"):
        put(tmp_path / "bin" / name, "exit 1")
    put(tmp_path / "bin/uv", "exit 0")
    done = run(
        "bash",
        "-c",
        "set -euo pipefail; source scripts/lib.sh; sync; echo not reached",
        PATH=f"{tmp_path / 'bin'}:{os.environ['PATH']}",
        UV_PROJECT_ENVIRONMENT=tmp_path / "none",
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.splitlines()[0].startswith("Cần Python 3.11")
    assert done.stderr.splitlines()[1].startswith("Python 3.11 or newer is needed")


def test_first_python_new_enough_is_chosen(tmp_path: Path) -> None:
    for name in ("python3", "python3.14", "python3.13"):
        put(tmp_path / "bin" / name, "exit 1")
    put(tmp_path / "bin/python3.12", "exit 0")
    done = run(
        "bash",
        "-c",
        "set -euo pipefail; source scripts/lib.sh; find_python",
        PATH=f"{tmp_path / 'bin'}:{os.environ['PATH']}",
    )
    assert done.stdout == f"{tmp_path / 'bin/python3.12'}\n"


def test_checks_run_side_by_side_and_one_failure_fails_all(tmp_path: Path) -> None:
    # Each waits for what the other one makes, so one after the other they would never end.
    meet = "touch {0}/{1}; until [ -e {0}/{2} ]; do sleep 0.01; done; echo said by {1}; {3}"
    first = meet.format(tmp_path, "a", "b", "true")
    second = meet.format(tmp_path, "b", "a", "exit 5")
    script = 'set -euo pipefail; source scripts/lib.sh; together one "$1" two "$2" && echo all good'
    done = run("timeout", "10", "bash", "-c", script, "-", first, second)
    assert done.returncode == 1
    results = [line.split()[::3] for line in done.stdout.splitlines()]
    assert results == [["ok", "one"], ["FAILED", "two"], ["said"]]
    assert "said by b" in done.stdout


def test_what_could_not_be_checked_is_shown_and_fails_nothing() -> None:
    script = (
        'set -euo pipefail; source scripts/lib.sh; together one true two "echo nobody answers; exit 75" && echo good'
    )
    done = run("bash", "-c", script)
    assert done.returncode == 0
    results = [line.split() for line in done.stdout.splitlines()]
    assert [words[::3] for words in results[:2]] == [["ok", "one"], ["skipped", "two"]]
    assert results[2:] == [["nobody", "answers"], ["good"]]


@pytest.mark.parametrize(
    ("branches", "status", "last"),
    [(90, 0, "coverage of branches: 90.00 % (9 of 10)"), (91, 1, "(9 of 10), below 91 %")],
)
def test_coverage_below_the_bar_fails(tmp_path: Path, branches: int, status: int, last: str) -> None:
    for name, reached in (("one", range(1, 91)), ("two", range(50, 97))):
        hit = {"executed_lines": list(reached), "missing_lines": [n for n in range(1, 101) if n not in reached]}
        ways = {"executed_branches": [[n, n + 1] for n in reached if n % 10 == 0]}
        ways["missing_branches"] = [[n, n + 1] for n in range(10, 101, 10) if n not in reached]
        report = {"meta": {"software": "slipcover", "branch_coverage": True}, "files": {"app/one.py": hit | ways}}
        (tmp_path / f"{name}.json").write_text(json.dumps(report))
    figures = ROOT / "scripts/coverage_figures.py"
    done = run(sys.executable, figures, tmp_path, "--lines", "95", "--branches", str(branches))
    assert done.returncode == status
    *_, lines, shown = done.stdout.splitlines()
    assert lines == "coverage of lines: 96.00 % (96 of 100)"
    assert shown.endswith(last)


@pytest.mark.parametrize(("of_tests", "of_a_check", "status"), [(3, 0, 3), (0, 1, 1), (0, 0, 0)])
def test_whole_run_tests_and_checks_and_hands_on_the_database(
    tmp_path: Path, of_tests: int, of_a_check: int, status: int
) -> None:
    """The real `scripts/test` in a copy whose tools only say that they ran."""
    copy = tmp_path / "copy"
    shutil.copytree(ROOT / "scripts", copy / "scripts", ignore=shutil.ignore_patterns("bench", "__pycache__"))
    shutil.copytree(ROOT / ".ci", copy / ".ci")
    tools = copy / ".venv/bin"
    for tool in ("ruff", "lint-imports", "bandit"):
        put(tools / tool, "exit 0")
    put(tools / "mypy", f"exit {of_a_check}")
    put(tools / "python", f'[[ "$1" != -m ]] || {{ echo "$* on $SOTAY_TEST_DATABASE_URL"; exit {of_tests}; }}')
    put(tmp_path / "bin/uv", "exit 0")
    done = run(
        copy / ".ci/run",
        *("--database-url", "postgresql://elsewhere", "-k", "poll"),
        PATH=f"{tmp_path / 'bin'}:{os.environ['PATH']}",
        UV_PROJECT_ENVIRONMENT=".venv",
    )
    processes = os.sysconf("SC_NPROCESSORS_ONLN") + 2
    assert done.returncode == status
    said = done.stdout.splitlines()
    options = f"-p tests.reached -n {processes} --dist worksteal"
    assert said[0] == f"-m pytest {options} -k poll on postgresql://elsewhere"
    verdicts = {" ".join(line.split()[3:]): line.split()[0] for line in said[1:]}
    assert verdicts.pop("mypy") == ("FAILED" if of_a_check else "ok")
    assert list(verdicts.values()) == ["ok"] * 8
