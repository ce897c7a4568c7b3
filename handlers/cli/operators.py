"""Who works at the desk: the name that the audit trail gets."""

import getpass
import re

import click

_NAME = re.compile(r"[\w.\\-]{1,64}")  # no e-mail address: the trail outlasts the people


def _login_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # in a container whose user has no name
        return ""


def _actor(_context: click.Context, _option: click.Parameter, name: str) -> str:
    if not _NAME.fullmatch(name):
        raise click.BadParameter("Must be 1 to 64 letters, digits, dots, dashes and underscores.")
    return f"operator:{name}"


operator_option = click.option(
    "--operator",
    "actor",
    default=_login_name,
    show_default="the login name",
    callback=_actor,
    help="Who decides; stands in the audit trail.",
)
"""Gives the command its ``actor``, as ``domain.audit`` writes it."""
