from domain.accounts.callers import ANONYMOUS, Caller


def test_anonymous_is_a_guest_with_pks_of_no_row() -> None:
    assert Caller(user_pk=0, is_guest=True, order_pk=0) == ANONYMOUS
