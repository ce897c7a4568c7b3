"""Collections of garbage while a process starts."""

import gc
from collections.abc import Iterator

import pytest

from handlers.serving.garbage import uncollected


@pytest.fixture(autouse=True)
def _enabled_again() -> Iterator[None]:
    yield
    gc.enable()


def test_there_is_none_in_the_block() -> None:
    with uncollected():
        assert not gc.isenabled()

    assert gc.isenabled()


def test_an_error_ends_the_block_as_well() -> None:
    with pytest.raises(LookupError), uncollected():
        raise LookupError

    assert gc.isenabled()


def test_who_turned_the_collector_off_finds_it_so() -> None:
    gc.disable()

    with uncollected():
        pass

    assert not gc.isenabled()
