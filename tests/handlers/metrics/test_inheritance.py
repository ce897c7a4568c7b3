import os

import pytest

from handlers.metrics.inheritance import inherited_descriptor, make_inheritable


@pytest.fixture
def descriptor(monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setenv("SERVER_METRICS", "")
    return os.memfd_create("test")


def test_there_is_none_after_a_start(descriptor: int) -> None:
    assert inherited_descriptor() is None
    os.close(descriptor)


def test_is_that_of_the_last_program_of_this_process(descriptor: int) -> None:
    make_inheritable(descriptor)

    assert os.get_inheritable(descriptor)
    assert inherited_descriptor() == descriptor
    assert inherited_descriptor() is None
    os.close(descriptor)


def test_is_not_that_of_another_process(descriptor: int, monkeypatch: pytest.MonkeyPatch) -> None:
    make_inheritable(descriptor)
    monkeypatch.setattr(os, "getpid", lambda: -1)

    assert inherited_descriptor() is None
    os.close(descriptor)
