"""Garbage collection while a process starts."""

import gc
from collections.abc import Iterator

import pytest

from handlers.serving.garbage import without_garbage_collection


@pytest.fixture(autouse=True)
def _enabled_again() -> Iterator[None]:
    yield
    gc.enable()


def test_garbage_collection_is_disabled_in_the_block() -> None:
    with without_garbage_collection():
        assert not gc.isenabled()

    assert gc.isenabled()


def test_an_error_enables_garbage_collection_again() -> None:
    with pytest.raises(LookupError), without_garbage_collection():
        raise LookupError

    assert gc.isenabled()


def test_a_disabled_collector_stays_disabled() -> None:
    gc.disable()

    with without_garbage_collection():
        pass

    assert not gc.isenabled()
