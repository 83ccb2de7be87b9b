"""The command line.

`sotay serve | api | worker | migrate | backup | restore | recovered | admin | rescue | import | member | push | audit
| seed`
"""

import gc
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

COLLECT_AFTER = 50_000
"""New objects until the garbage collector looks: at its 700 a start would spend a tenth of its time on modules."""

# A command's module is imported when the command is run: `serve` must be up quickly, and a production image has
# neither Faker nor an embedded PostgreSQL.
COMMANDS = (
    "serve", "api", "worker", "migrate", "backup", "restore", "recovered", "admin", "rescue",
    "import", "member", "push", "audit", "seed"
)  # fmt: skip


class OnDemand(TyperGroup):
    """Finds a command in the module of its name: `import` in `app.cli.import_`, since `import` is a keyword.

    Any: Typer has a Click of its own inside, and no public names for its types.
    """

    def list_commands(self, ctx: Any) -> list[str]:
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"app.cli.{'import_' if cmd_name == 'import' else cmd_name}")
        command: typer.Typer = module.command
        found = get_command(command)
        found.name = cmd_name
        return found


cli = typer.Typer(
    cls=OnDemand,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Sổ tay đảng viên điện tử · the electronic party member handbook",
)


@cli.callback()
def _sotay() -> None:
    """Sổ tay đảng viên điện tử · the electronic party member handbook."""


def main() -> None:
    """Run the command line."""
    gc.set_threshold(COLLECT_AFTER)
    cli(prog_name="sotay")
