"""The options that name the operator or importer in the audit trail."""

import getpass
import re
from collections.abc import Callable
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])

_NAME = re.compile(r"[\w.\\-]{1,64}")  # no e-mail address: the audit trail outlives accounts


def _login_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # e.g. in a container whose user has no name
        return ""


def _actor(kind: str) -> Callable[[click.Context, click.Parameter, str], str]:
    def actor(_context: click.Context, _option: click.Parameter, name: str) -> str:
        if not _NAME.fullmatch(name):
            raise click.BadParameter(
                "Must be 1 to 64 letters, digits, dots, dashes and underscores."
            )
        return f"{kind}:{name}"

    return actor


def _option(kind: str, description: str) -> Callable[[Command], Command]:
    return click.option(
        "--operator",
        "actor",
        default=_login_name,
        show_default="the login name",
        callback=_actor(kind),
        help=description,
    )


operator_option = _option("operator", "Who decides, for the audit trail.")
"""Passes the command its ``actor``, as ``domain.audit`` stores it."""

importer_option = _option("import", "Who imports, for the audit trail.")
"""Passes the command its ``actor``, which distinguishes imports from decisions."""
