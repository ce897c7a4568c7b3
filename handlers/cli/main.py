"""The `waybill` command group, which imports its commands when they run."""

import atexit
import gc
import importlib
from typing import Any

import click

from handlers.cli.commands import COMMANDS
from handlers.cli.error_reporting import report_errors
from handlers.serving.garbage import without_garbage_collection

# At exit the interpreter collects garbage several times, in all that was imported. That takes a
# fifth of the time of a short command.
atexit.register(gc.freeze)


class _Commands(click.Group):
    """Imports the module of the command that runs, and no other, for a quick start."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        entry = COMMANDS[cmd_name]
        with without_garbage_collection():
            module = importlib.import_module(f".{entry.module}", __package__)
        command: click.Command = getattr(module, entry.name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        # click's own method would import all commands.
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name].summary) for name in self.list_commands(ctx)])

    def invoke(self, ctx: click.Context) -> Any:
        with report_errors():
            return super().invoke(ctx)


@click.command(cls=_Commands)
@click.version_option(
    package_name="waybill",
    message="%(prog)s %(version)s",
    help="Show the version of this program. The API has its own: `waybill contract bundle`"
    " shows it as info.version.",
)
def cli(**_options: Any) -> None:
    """Waybill, a contract-first orders server."""
