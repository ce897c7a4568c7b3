"""The command group, and how it loads its commands."""

import importlib
from typing import Any

import click

from handlers.cli.refusals import refusals_shown

_COMMANDS = {
    "carriers": "handlers.cli.carriers:carriers",
    "contract": "handlers.cli.contract:contract",
    "import": "handlers.cli.imports:import_",
    "migrate": "handlers.cli.migrate:migrate",
    "outbox": "handlers.cli.outbox:outbox",
    "plans": "handlers.cli.plans:plans",
    "reasons": "handlers.cli.reasons:reasons",
    "requests": "handlers.cli.requests:requests",
    "seed": "handlers.cli.seed:seed",
    "sellers": "handlers.cli.sellers:sellers",
    "serve": "handlers.cli.serve:serve",
    "sessions": "handlers.cli.sessions:sessions",
    "tidy": "handlers.cli.tidy:tidy",
    "tokens": "handlers.cli.tokens:tokens",
    "trade-ins": "handlers.cli.trade_ins:trade_ins",
    "users": "handlers.cli.users:users",
    "worker": "handlers.cli.worker:worker",
}


class _Commands(click.Group):
    """Imports a command when it is asked for, so that starting one is quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, _, name = _COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        with refusals_shown():
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
