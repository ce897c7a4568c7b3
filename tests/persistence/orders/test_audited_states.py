"""The audit trail covers all parts of an order with a state."""

import sqlalchemy as sa

from domain.orders.state_changes import states_of
from persistence.orders.aggregate import ORDER
from persistence.sql.saving import Tracked
from tests.support.complete_orders import complete_order

# The states of a parcel, which a carrier reports.
NO_STATES = {"easy_returns": "status"}


def _states(table: sa.Table) -> list[str]:
    """Return the columns with states of a row."""
    names = [column.name for column in table.c if column.name in ("state", "status")]
    return [name for name in names if NO_STATES.get(table.name) != name]


def test_are_those_of_all_parts_with_a_state() -> None:
    order = complete_order(user_pk=1, reason_pk=1)

    expected = {
        part.entity.uuid: (part.members.table, getattr(part.entity, name))
        for part in Tracked(ORDER, order).parts()
        for name in _states(part.members.table)
    }

    states = {uuid: state for (_, uuid), state in states_of([order]).items()}
    assert states == {uuid: state for uuid, (_, state) in expected.items()}
    # The order has a row in each of these tables, so that no comparison is empty.
    with_states = {parts.table for parts in ORDER.all_parts if _states(parts.table)}
    assert {table for table, _ in expected.values()} == with_states
