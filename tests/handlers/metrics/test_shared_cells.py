"""Slots of memory that processes share; other processes are spawned."""

import multiprocessing
import os
import signal
from multiprocessing.connection import Connection
from typing import Any

import pytest

from handlers.metrics import shared_cells
from handlers.metrics.layouts import Block, Layout
from handlers.metrics.shared_cells import SharedCells

ONE: Layout = (Block("a", 1, False),)
TWO: Layout = (Block("b", 1, False), *ONE)
SPAWN = multiprocessing.get_context("spawn")


def claim_and_add(cells: SharedCells, amount: float, end: Connection) -> None:
    """Claim a slot, add to its first number, and run until the other end closes."""
    numbers = cells.claim()
    if numbers is not None:
        numbers[0] += amount
    end.send(numbers is not None)
    end.poll(None)


class Other:
    """Another process with a slot."""

    def __init__(self, cells: SharedCells, amount: float) -> None:
        self._end, end = SPAWN.Pipe()
        self.process: Any = SPAWN.Process(target=claim_and_add, args=(cells, amount, end))
        self.process.start()
        end.close()
        self.has_slot = self._end.recv()

    def end(self, number: signal.Signals | None = None) -> None:
        if number is not None:
            os.kill(self.process.pid, number)
        self._end.close()
        self.process.join()


def rows(cells: SharedCells) -> list[tuple[bool, float]]:
    return [(slot.is_live, slot.numbers[0]) for slot in cells.slots()]


def test_are_empty_before_the_first_claim() -> None:
    assert rows(SharedCells(ONE, 3)) == []


def test_processes_have_a_slot_each_and_see_all() -> None:
    cells = SharedCells(TWO, 3)
    own = cells.claim()
    assert own is not None
    own[0] = 5
    other = Other(cells, 7)

    try:
        assert rows(cells) == [(True, 5), (True, 7)]
        assert [slot.pid for slot in cells.slots()] == [os.getpid(), other.process.pid]
    finally:
        other.end()


@pytest.mark.parametrize("number", [None, signal.SIGKILL])
def test_the_next_process_continues_where_a_dead_one_ended(number: signal.Signals | None) -> None:
    cells = SharedCells(ONE, 1)
    Other(cells, 7).end(number)
    assert rows(cells) == [(False, 7)]

    successor = Other(cells, 1)

    try:
        assert rows(cells) == [(True, 8)]
    finally:
        successor.end()


def test_there_is_no_slot_for_more_processes() -> None:
    cells = SharedCells(ONE, 1)
    first = Other(cells, 1)

    try:
        assert cells.claim() is None
        assert rows(cells) == [(True, 1)]
    finally:
        first.end()


def test_checking_a_process_does_not_claim_its_slot() -> None:
    cells = SharedCells(ONE, 1)
    Other(cells, 1).end()

    assert rows(cells) == rows(cells) == [(False, 1)]
    assert cells.claim() is not None


def test_all_processes_know_the_main_process() -> None:
    cells = SharedCells(ONE, 1)

    assert cells.owner == os.getpid()


def test_systems_without_files_in_memory_use_a_temporary_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr(os, "memfd_create", raising=False)
    cells = SharedCells(ONE, 2)
    other = Other(cells, 3)

    try:
        assert rows(cells) == [(True, 3)]
    finally:
        other.end()


class TestReload:
    """The main process runs another program, with the file of the last one."""

    def test_of_the_same_release_continues_the_same_slots(self) -> None:
        before = SharedCells(ONE, 2)
        Other(before, 7).end()
        running = Other(before, 1)

        after = SharedCells(ONE, 2, before.descriptor)
        successor = Other(after, 10)

        try:
            assert rows(after) == rows(before) == [(True, 8), (True, 10)]
        finally:
            running.end()
            successor.end()

    def test_of_another_release_adds_the_numbers_that_both_know(self) -> None:
        before = SharedCells(ONE, 2)
        running = Other(before, 7)

        after = SharedCells(TWO, 2, before.descriptor)
        successor = Other(after, 10)

        try:
            found = [(slot.is_live, slot.numbers.tolist()) for slot in after.slots()]
            assert found == [(True, [0, 7]), (True, [10, 0])]
            # The workers of before see those of after as well.
            assert rows(before) == [(True, 7), (True, 0)]
        finally:
            running.end()
            successor.end()

    def test_fails_without_room_in_the_file(self, monkeypatch: pytest.MonkeyPatch) -> None:
        before = SharedCells(ONE, 1)
        monkeypatch.setattr(shared_cells, "_MAX_GENERATIONS", 1)

        with pytest.raises(ValueError, match="no room"):
            SharedCells(TWO, 1, before.descriptor)
