"""The check of archiving detects what it is for."""

from faults.archiving import ARCHIVE, misplaced, run_command, stored_shop
from faults.environment import Environment


def test_finds_lost_orders_and_lost_imports(environment: Environment) -> None:
    shop = stored_shop(environment, 4)
    assert list(misplaced(shop)) == ["0 of 4 orders are archived"]
    assert run_command(environment, *ARCHIVE).endswith("(0)")
    assert list(misplaced(shop)) == []

    shop.notes["A00001"] = "imported later"
    shop.numbers["A00004"] = shop.customers[0]

    assert list(misplaced(shop)) == [
        "A00004 is stored 0 times",
        "4 of 5 orders are archived",
        "A00001 lost its last import: 0",
    ]
