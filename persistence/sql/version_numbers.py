"""Version numbers of orders, which are never used twice for one row.

Cached documents are identified by the version. A counter would repeat numbers after a restored
backup, or a failover to a standby without the last transactions. So a version is the time of the
change in microseconds since 1970, and at least one more than the version before. It fits into 2^53
until the year 2255.

A clock that is set back does no harm, unless it returns the very microsecond of a lost change.
"""

from datetime import UTC, datetime, timedelta
from time import time_ns
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

from persistence.sql.columns import BigId

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

NEW_VERSION = "new_version"
"""The parameter of ``next_version`` that ``new_version`` is bound to."""


def new_version() -> int:
    """Return the version of a row that is created now."""
    return time_ns() // 1000


def version_at(moment: datetime) -> int:
    """Return the version of a row that was changed at ``moment``."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


class _NextVersion(GenericFunction[int]):
    type = BigId
    inherit_cache = True


@compiles(_NextVersion)
def _max(element: _NextVersion, compiler: SQLCompiler, **kwargs: Any) -> str:
    return f"max({compiler.process(element.clauses, **kwargs)})"


@compiles(_NextVersion, "postgresql")
def _greatest(element: _NextVersion, compiler: SQLCompiler, **kwargs: Any) -> str:
    return f"greatest({compiler.process(element.clauses, **kwargs)})"


def next_version(version: sa.ColumnElement[int]) -> sa.ColumnElement[int]:
    """Return the expression of the version after ``version``.

    The database computes it, so that if two writers have read the same version, the second raises
    that of the first.
    """
    return _NextVersion(version + 1, sa.bindparam(NEW_VERSION, type_=BigId))
