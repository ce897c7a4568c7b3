"""The commands: the module of each, and its line in `waybill --help`, which imports none."""

from collections.abc import Mapping
from typing import NamedTuple


class Listed(NamedTuple):
    """Where a command is, and the first sentence of its help."""

    module: str
    name: str
    summary: str


COMMANDS: Mapping[str, Listed] = {
    "carriers": Listed(
        "handlers.cli.carriers",
        "carriers",
        "The carriers by which shoppers can return what they bought.",
    ),
    "contract": Listed("handlers.cli.contract", "contract", "The OpenAPI documents."),
    "import": Listed(
        "handlers.cli.imports",
        "import_",
        "Load orders from newline-delimited JSON (openapi/imports/documents.yaml says how).",
    ),
    "migrate": Listed("handlers.cli.migrate", "migrate", "Bring the database's tables up to date."),
    "outbox": Listed(
        "handlers.cli.outbox",
        "outbox",
        "The letters to shoppers; `waybill worker` delivers them.",
    ),
    "plans": Listed(
        "handlers.cli.plans",
        "plans",
        "The cancellation plans; `waybill requests show` names that of a request.",
    ),
    "reasons": Listed(
        "handlers.cli.reasons",
        "reasons",
        "The reasons that shoppers choose from when they cancel or return.",
    ),
    "requests": Listed(
        "handlers.cli.requests", "requests", "The requests to cancel items and to send them back."
    ),
    "seed": Listed(
        "handlers.cli.seed",
        "seed",
        "Fill the database with a made-up shop, for tests; the same arguments make the same shop.",
    ),
    "sellers": Listed("handlers.cli.sellers", "sellers", "The sellers of the marketplace."),
    "serve": Listed(
        "handlers.cli.serve",
        "serve",
        "Serve the API and its documentation until Ctrl-C or SIGTERM.",
    ),
    "sessions": Listed("handlers.cli.sessions", "sessions", "Logins."),
    "tidy": Listed("handlers.cli.tidy", "tidy", "Remove what is stored and no longer needed."),
    "tokens": Listed(
        "handlers.cli.tokens", "tokens", "The tokens of sellers, and of the shop's own systems."
    ),
    "trade-ins": Listed(
        "handlers.cli.trade_ins", "trade_ins", "Offers to take a delivered item back in trade."
    ),
    "users": Listed("handlers.cli.users", "users", "The shoppers."),
    "worker": Listed(
        "handlers.cli.worker",
        "worker",
        "Deliver the letters of the outbox until Ctrl-C or SIGTERM.",
    ),
}
