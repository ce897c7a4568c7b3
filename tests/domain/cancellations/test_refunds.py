from domain.cancellations.refunds import Refund


def test_a_refund_gives_back_what_is_named_and_nothing_else() -> None:
    assert Refund() == Refund(amount=0, discount=0, shipping=0, own_shipping=0)
