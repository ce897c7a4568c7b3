"""What a handler may ask for: the parts of the application, and of the current request."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from flask import current_app, g, request

from domain.callers import Caller
from domain.sessions import Attempts
from domain.unit_of_work import UnitOfWork
from domain.users import PasswordHasher
from handlers.contract.bundle import Contract
from handlers.settings import Settings
from handlers.translations import choose_language

PARTS = "waybill"


class Database(Protocol):
    """What handlers may do with the database that the composition root opened."""

    def reading(self) -> AbstractContextManager[UnitOfWork]:
        """A unit of work that only reads."""

    def writing(self) -> AbstractContextManager[UnitOfWork]:
        """A unit of work in one transaction, undone unless it is committed."""

    def ping(self) -> None:
        """Raises Unavailable when the database does not answer."""


@dataclass(frozen=True)
class Parts:
    """The parts of one application."""

    settings: Settings
    contract: Contract
    database: Database
    passwords: PasswordHasher
    attempts: Attempts


def parts() -> Parts:
    """The parts of the current application."""
    found: Parts = current_app.extensions[PARTS]
    return found


def reading() -> AbstractContextManager[UnitOfWork]:
    """A unit of work that only reads."""
    return parts().database.reading()


def writing() -> AbstractContextManager[UnitOfWork]:
    """A unit of work in one transaction, undone unless it is committed."""
    return parts().database.writing()


def ping() -> None:
    """Raises Unavailable when the database does not answer."""
    parts().database.ping()


def settings() -> Settings:
    """The settings that the application was made with."""
    return parts().settings


def current_contract() -> Contract:
    """The contract that the application serves."""
    return parts().contract


def passwords() -> PasswordHasher:
    """The hasher of passwords."""
    return parts().passwords


def attempts() -> Attempts:
    """The counters of failed logins."""
    return parts().attempts


def caller() -> Caller:
    """Who the current request comes from; only where the contract asks for security."""
    found: Caller = g.caller
    return found


def language() -> str:
    """The language of the current request's labels and messages."""
    return choose_language(request.headers.get("Accept-Language", ""), settings().default_language)
