from datetime import timedelta

from domain.idempotency import KEPT


def test_a_key_is_remembered_for_a_day() -> None:
    assert timedelta(days=1) == KEPT
