"""No branch reads another: a sample of what `scripts/check-isolation` asks a million times."""

from pathlib import Path

from tests.isolation.trial import try_country

REQUESTS = 300


async def test_nobody_reads_what_the_model_does_not_show_them(live_database_url: str, tmp_path: Path) -> None:
    findings = await try_country(live_database_url, tmp_path, requests=REQUESTS, seed=1)
    assert findings.is_clean, findings.wrong
