from datetime import timedelta

from domain.idempotency import KEY_LIFETIME


def test_a_key_is_valid_for_a_day() -> None:
    assert timedelta(days=1) == KEY_LIFETIME
