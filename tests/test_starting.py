"""What a start imports: parsers, typesetting and the demonstration's words come when they are needed."""

import subprocess
import sys
from pathlib import Path

LATER = frozenset({"docx", "faker", "jinja2", "lxml", "PIL", "pypdfium2", "weasyprint"})


def test_api_and_worker_start_without_what_reads_and_makes_files() -> None:
    code = "import sys, app.main, app.worker; print(*{name.partition('.')[0] for name in sys.modules})"
    root = Path(__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, check=True, capture_output=True, text=True)
    imported = set(done.stdout.split())
    assert "sqlalchemy" in imported
    assert imported & LATER == set()
