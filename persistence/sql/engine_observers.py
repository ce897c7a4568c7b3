"""Statements that SQLAlchemy runs, for the observers of ``persistence.sql.compiled_query``."""

from functools import partial
from time import time_ns
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.sql.visitors import iterate

from persistence.sql.compiled_query import Execution, Observer

_BEGAN = "observed_since"


def observe_engine(engine: sa.Engine, observer: Observer) -> None:
    """Call ``observer`` after each statement that ``engine`` runs with SQLAlchemy."""
    event.listen(engine, "before_cursor_execute", _note_begin)
    event.listen(engine, "after_cursor_execute", partial(_report, observer))
    event.listen(engine, "handle_error", partial(_report_error, observer))


def _note_begin(
    _connection: object, _cursor: object, _sql: str, _values: object, context: Any, _many: bool
) -> None:
    vars(context)[_BEGAN] = time_ns()


def _report(
    observer: Observer,
    _connection: object,
    cursor: Any,
    sql: str,
    _values: object,
    context: Any,
    _many: bool,
) -> None:
    began = vars(context).get(_BEGAN, time_ns())
    observer(Execution(_name(context, sql), sql, max(0, cursor.rowcount), began, time_ns()))


def _report_error(observer: Observer, context: ExceptionContext) -> None:
    execution: Any = context.execution_context
    if execution is None or not isinstance(context.original_exception, Exception):
        return
    sql, began = context.statement or "", vars(execution).get(_BEGAN, time_ns())
    error = context.original_exception
    observer(Execution(_name(execution, sql), sql, 0, began, time_ns(), error))


def _name(context: Any, sql: str) -> str:
    """Return the command and its tables, such as `update orders`; for SQL text, its first word."""
    statement: Any = getattr(context.compiled, "statement", None)
    if isinstance(statement, sa.Select):
        tables = [element for source in statement.get_final_froms() for element in iterate(source)]
        names = dict.fromkeys(table.name for table in tables if isinstance(table, sa.Table))
        return " ".join(["select", *names])
    if isinstance(statement, sa.UpdateBase) and isinstance(statement.table, sa.Table):
        return f"{statement.__visit_name__} {statement.table.name}"
    return sql.partition(" ")[0].lower()
