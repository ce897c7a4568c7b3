"""The commands, with module and summary: `waybill --help` imports none of the modules."""

from collections.abc import Mapping
from typing import NamedTuple


class CommandEntry(NamedTuple):
    """Module of this package and name in it of a command, and the first sentence of its help.

    The module has no package here: a wheel has `waybill.handlers.cli`.
    """

    module: str
    name: str
    summary: str


COMMANDS: Mapping[str, CommandEntry] = {
    "archive": CommandEntry(
        "archive",
        "archive",
        "Move finished orders to the archive, where shoppers see them as old orders.",
    ),
    "backup": CommandEntry(
        "backup",
        "backup",
        "Write a backup of the database to the new file FILE, which only its owner can read.",
    ),
    "carriers": CommandEntry(
        "carriers",
        "carriers",
        "The carriers by which shoppers can return what they bought.",
    ),
    "contract": CommandEntry("contract", "contract", "The OpenAPI documents."),
    "distribute": CommandEntry(
        "distribute", "distribute", "Distribute the tables over nodes of Citus."
    ),
    "doctor": CommandEntry(
        "doctor",
        "doctor",
        "Check the settings, the database and the other services, and say what to do.",
    ),
    "import": CommandEntry(
        "imports",
        "import_",
        "Load orders from newline-delimited JSON (openapi/imports/documents.yaml says how).",
    ),
    "migrate": CommandEntry("migrate", "migrate", "Bring the database's tables up to date."),
    "outbox": CommandEntry(
        "outbox",
        "outbox",
        "The e-mails to shoppers; `waybill worker` delivers them.",
    ),
    "plans": CommandEntry(
        "plans",
        "plans",
        "The cancellation plans; `waybill requests show` names that of a request.",
    ),
    "reasons": CommandEntry(
        "reasons",
        "reasons",
        "The reasons that shoppers choose from when they cancel or return.",
    ),
    "requests": CommandEntry(
        "requests", "requests", "The requests to cancel items and to send them back."
    ),
    "seed": CommandEntry(
        "seed",
        "seed",
        "Fill the database with a made-up shop, for tests; the same arguments make the same shop.",
    ),
    "sellers": CommandEntry("sellers", "sellers", "The sellers of the marketplace."),
    "serve": CommandEntry(
        "serve",
        "serve",
        "Serve the API and its documentation until Ctrl-C or SIGTERM.",
    ),
    "sessions": CommandEntry("sessions", "sessions", "Logins."),
    "tidy": CommandEntry("tidy", "tidy", "Remove what is stored and no longer needed."),
    "tokens": CommandEntry(
        "tokens", "tokens", "The tokens of sellers, and of the shop's own systems."
    ),
    "trade-ins": CommandEntry(
        "trade_ins", "trade_ins", "Offers to take a delivered item back in trade."
    ),
    "users": CommandEntry("users", "users", "The shoppers."),
    "worker": CommandEntry(
        "worker",
        "worker",
        "Deliver the e-mails of the outbox until Ctrl-C or SIGTERM.",
    ),
}
