from handlers.metrics.layouts import Block, size_of, translate, translation

A, B = Block("a", 2, False), Block("b", 1, True)


def test_sizes_are_those_of_all_blocks() -> None:
    assert size_of((A, B)) == 3


def test_blocks_are_identified_by_all_attributes() -> None:
    longer, gauges = Block("a", 3, False), Block("b", 1, False)

    assert translation((A, B), (B, A)) == [2, 0, 1]
    assert translation((A, B), (longer, gauges)) == [None] * 4


def test_missing_numbers_are_zero() -> None:
    assert translate([5.0, 7.0], [1, None, 0]) == [7.0, 0.0, 5.0]
