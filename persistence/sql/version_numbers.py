"""Numbers for versions of orders, of which none comes twice for one row.

What a process remembers of a row is named by its version. Counting by one would give a number again
where the database loses what it had counted: after a backup was put back, and after a failover to a
standby that lacked the last transactions. So a version is the time of the change, in microseconds
since 1970, and at least one more than the version before. It fits into 2^53 until the year 2255.

A clock that goes back does no harm, unless it names the very microsecond of a change that was lost.
"""

from time import time_ns
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

from persistence.sql.columns import BigId

NEW_VERSION = "new_version"
"""The parameter of ``next_version`` that ``new_version`` is bound to."""


def new_version() -> int:
    """Return the first version of a row that is new now."""
    return time_ns() // 1000


class _Raised(GenericFunction[int]):
    type = BigId
    inherit_cache = True


@compiles(_Raised)
def _max(element: _Raised, compiler: SQLCompiler, **kwargs: Any) -> str:
    return f"max({compiler.process(element.clauses, **kwargs)})"


@compiles(_Raised, "postgresql")
def _greatest(element: _Raised, compiler: SQLCompiler, **kwargs: Any) -> str:
    return f"greatest({compiler.process(element.clauses, **kwargs)})"


def next_version(version: sa.ColumnElement[int]) -> sa.ColumnElement[int]:
    """Return the version after ``version``.

    The database adds: of two writers who both have read 5, one makes more of what the other made.
    """
    return _Raised(version + 1, sa.bindparam(NEW_VERSION, type_=BigId))
