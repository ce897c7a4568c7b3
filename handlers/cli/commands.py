"""The commands, with module and summary: `waybill --help` imports none of the modules."""

from collections.abc import Mapping
from typing import NamedTuple


class CommandEntry(NamedTuple):
    """Module and name of a command, and the first sentence of its help."""

    module: str
    name: str
    summary: str

    @property
    def file(self) -> str:
        """The module's name in this package, which is `waybill.handlers.cli` in a wheel."""
        return self.module.rpartition(".")[2]


COMMANDS: Mapping[str, CommandEntry] = {
    "archive": CommandEntry(
        "handlers.cli.archive",
        "archive",
        "Move finished orders to the archive, where shoppers see them as old orders.",
    ),
    "backup": CommandEntry(
        "handlers.cli.backup",
        "backup",
        "Write a backup of the database to the new file FILE, which only its owner can read.",
    ),
    "carriers": CommandEntry(
        "handlers.cli.carriers",
        "carriers",
        "The carriers by which shoppers can return what they bought.",
    ),
    "contract": CommandEntry("handlers.cli.contract", "contract", "The OpenAPI documents."),
    "distribute": CommandEntry(
        "handlers.cli.distribute", "distribute", "Distribute the tables over nodes of Citus."
    ),
    "doctor": CommandEntry(
        "handlers.cli.doctor",
        "doctor",
        "Check the settings, the database and the other services, and say what to do.",
    ),
    "import": CommandEntry(
        "handlers.cli.imports",
        "import_",
        "Load orders from newline-delimited JSON (openapi/imports/documents.yaml says how).",
    ),
    "migrate": CommandEntry(
        "handlers.cli.migrate", "migrate", "Bring the database's tables up to date."
    ),
    "outbox": CommandEntry(
        "handlers.cli.outbox",
        "outbox",
        "The e-mails to shoppers; `waybill worker` delivers them.",
    ),
    "plans": CommandEntry(
        "handlers.cli.plans",
        "plans",
        "The cancellation plans; `waybill requests show` names that of a request.",
    ),
    "reasons": CommandEntry(
        "handlers.cli.reasons",
        "reasons",
        "The reasons that shoppers choose from when they cancel or return.",
    ),
    "requests": CommandEntry(
        "handlers.cli.requests", "requests", "The requests to cancel items and to send them back."
    ),
    "seed": CommandEntry(
        "handlers.cli.seed",
        "seed",
        "Fill the database with a made-up shop, for tests; the same arguments make the same shop.",
    ),
    "sellers": CommandEntry("handlers.cli.sellers", "sellers", "The sellers of the marketplace."),
    "serve": CommandEntry(
        "handlers.cli.serve",
        "serve",
        "Serve the API and its documentation until Ctrl-C or SIGTERM.",
    ),
    "sessions": CommandEntry("handlers.cli.sessions", "sessions", "Logins."),
    "tidy": CommandEntry(
        "handlers.cli.tidy", "tidy", "Remove what is stored and no longer needed."
    ),
    "tokens": CommandEntry(
        "handlers.cli.tokens", "tokens", "The tokens of sellers, and of the shop's own systems."
    ),
    "trade-ins": CommandEntry(
        "handlers.cli.trade_ins", "trade_ins", "Offers to take a delivered item back in trade."
    ),
    "users": CommandEntry("handlers.cli.users", "users", "The shoppers."),
    "worker": CommandEntry(
        "handlers.cli.worker",
        "worker",
        "Deliver the e-mails of the outbox until Ctrl-C or SIGTERM.",
    ),
}
