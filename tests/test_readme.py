import re
from pathlib import Path

from app.kernel.settings import Settings

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def test_configuration_table_names_every_setting_with_its_default_in_order() -> None:
    rows = re.findall(r"^\| `SOTAY_(\w+)` \| (?:`([^`]*)`|–) \|", README, re.MULTILINE)
    documented = [(name.lower(), default) for name, default in rows]
    actual = []
    for name, field in Settings.model_fields.items():
        default = getattr(field.default, "value", field.default)
        actual.append((name, "" if default is None else f"{default:g}" if isinstance(default, float) else str(default)))
    assert documented == actual


def test_every_path_of_the_map_exists() -> None:
    root = Path(__file__).parents[1]
    paths = re.findall(r"^\| `((?:app|migrations|openapi|scripts|tests)[\w/.]*)` \|", README, re.MULTILINE)
    assert paths
    assert [path for path in paths if not (root / path).exists()] == []
