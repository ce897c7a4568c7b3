"""Lines that wait: when they are written, that they stay whole, and what a failure leaves."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from select import PIPE_BUF
from threading import Thread
from typing import Any

import pytest
from structlog.testing import capture_logs

from handlers.standard_error import MAX_LINES, MAX_SECONDS, HeldLines, in_chunks

FULL = Path("/dev/full")
ADD = """
import sys
from handlers.standard_error import STANDARD_ERROR
class Loop:
    def call_later(self, *_arguments): pass
def add():
    STANDARD_ERROR.add(lambda: b"held\\n", Loop())
"""
# As workers of the server are children of its main process.
IN_CHILD = """
from multiprocessing import get_context
child = get_context("fork").Process(target=add)
child.start()
child.join()
"""
AFTER_PARENT = f"""
STANDARD_ERROR.add(lambda: b"of the parent\\n", Loop())
STANDARD_ERROR.flush()
{IN_CHILD}
"""


class FakeLoop:
    """Has the timers that were started."""

    def __init__(self) -> None:
        self.timers: list[tuple[float, Callable[[], None]]] = []

    def call_later(self, seconds: float, call: Callable[[], None]) -> None:
        self.timers.append((seconds, call))

    def run(self) -> None:
        """Let the timers run out."""
        for _, call in self.timers:
            call()
        self.timers.clear()


class File:
    """Held lines of a file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
        self.held = HeldLines(self.descriptor)

    def add(self, *lines: bytes, loop: Any = None) -> None:
        for line in lines:
            self.held.add(lambda line=line: line, loop)  # type: ignore[misc]  # no type for line

    @property
    def content(self) -> bytes:
        return self._path.read_bytes()


@pytest.fixture
def file(tmp_path: Path) -> Iterator[File]:
    opened = File(tmp_path / "log")
    yield opened
    os.close(opened.descriptor)


@pytest.fixture
def loop() -> FakeLoop:
    return FakeLoop()


class TestWaiting:
    def test_ends_by_a_timer(self, file: File, loop: FakeLoop) -> None:
        file.add(b"1\n", b"2\n", loop=loop)
        assert file.content == b""
        assert [seconds for seconds, _ in loop.timers] == [MAX_SECONDS]

        loop.run()
        assert file.content == b"1\n2\n"

    def test_begins_again(self, file: File, loop: FakeLoop) -> None:
        for line in (b"1\n", b"2\n"):
            file.add(line, loop=loop)
            loop.run()

        assert file.content == b"1\n2\n"

    def test_ends_with_many_lines(self, file: File, loop: FakeLoop) -> None:
        file.add(*[b"1\n"] * MAX_LINES, b"2\n", loop=loop)

        assert file.content == b"1\n" * MAX_LINES

    def test_does_not_begin_without_a_loop(self, file: File) -> None:
        file.add(b"1\n")

        assert file.content == b"1\n"

    def test_of_a_loop_that_ended_ends_by_that_of_the_next(self, file: File) -> None:
        file.add(b"1\n", loop=FakeLoop())
        following = FakeLoop()
        file.add(b"2\n", loop=following)

        following.run()
        assert file.content == b"1\n2\n"


class TestChunks:
    @pytest.mark.parametrize(
        ("sizes", "chunks"),
        [
            ([], []),
            ([10, 10], [20]),
            ([PIPE_BUF - 1, 1, 1], [PIPE_BUF, 1]),
            ([PIPE_BUF + 1], [PIPE_BUF + 1]),
            ([5, PIPE_BUF + 1, 5, 5], [5, PIPE_BUF + 1, 10]),
        ],
    )
    def test_are_whole_lines_that_a_pipe_takes_at_once(
        self, sizes: list[int], chunks: list[int]
    ) -> None:
        lines = [b"x" * (size - 1) + b"\n" for size in sizes]

        found = [*in_chunks(lines)]

        assert [len(chunk) for chunk in found] == chunks
        assert b"".join(found) == b"".join(lines)
        assert all(chunk.endswith(b"\n") for chunk in found)

    def test_are_written_by_a_call_each(self, file: File, monkeypatch: pytest.MonkeyPatch) -> None:
        sizes: list[int] = []
        write = os.write

        def noted(descriptor: int, chunk: bytes) -> int:
            sizes.append(len(chunk))
            return write(descriptor, chunk)

        monkeypatch.setattr(os, "write", noted)
        file.add(*[b"x" * 999 + b"\n"] * MAX_LINES, loop=FakeLoop())

        assert sizes == [4000] * (MAX_LINES // 4)


def test_lines_of_threads_are_whole(file: File, loop: FakeLoop) -> None:
    def write(thread: int) -> None:
        for line in range(200):
            file.add(b"%d:%d:%s\n" % (thread, line, b"x" * line), loop=loop if line % 3 else None)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(write, range(8)))
    file.held.flush()

    expected = [
        b"%d:%d:%s" % (thread, line, b"x" * line) for thread in range(8) for line in range(200)
    ]
    assert sorted(file.content.splitlines()) == sorted(expected)


class TestSlowReader:
    @pytest.mark.parametrize("is_blocking", [True, False])
    def test_loses_nothing(self, is_blocking: bool) -> None:
        reading, writing = os.pipe()
        os.set_blocking(writing, is_blocking)
        held = HeldLines(writing)
        lines = [b"%d:%s\n" % (line, b"x" * 5000) for line in range(2 * MAX_LINES)]

        def write() -> None:
            for line in lines:  # five times what the pipe holds
                held.add(lambda line=line: line, FakeLoop())  # type: ignore[misc, arg-type]
            held.flush()
            os.close(writing)

        thread = Thread(target=write)
        thread.start()
        with os.fdopen(reading, "rb") as pipe:
            assert pipe.readlines() == lines
        thread.join()


@pytest.mark.skipif(not FULL.exists(), reason="needs /dev/full of Linux")
class TestFailure:
    @pytest.fixture
    def healed(self, file: File, tmp_path: Path) -> Callable[[], None]:
        """Lets all writes fail, until it is called."""
        good = os.dup(file.descriptor)
        with FULL.open("wb", buffering=0) as full:
            os.dup2(full.fileno(), file.descriptor)

        def heal() -> None:
            os.dup2(good, file.descriptor)
            os.close(good)

        return heal

    def test_drops_lines_and_counts_them(self, file: File, healed: Callable[[], None]) -> None:
        file.add(b"1\n", b"2\n")
        file.add(*[b"3\n"] * MAX_LINES, loop=FakeLoop())
        healed()

        with capture_logs() as logs:
            file.add(b"4\n", b"5\n")

        # The write that failed first is the first that is repeated.
        assert file.content == b"1\n4\n5\n"
        assert logs == [
            {
                "event": "access_log_incomplete",
                "dropped_lines": 1 + MAX_LINES,
                "log_level": "warning",
            }
        ]

    def test_in_the_middle_of_a_line_is_repaired(
        self, file: File, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write = os.write
        sizes = iter([2, 0, 4, 7])

        def some(descriptor: int, chunk: bytes) -> int:
            size = next(sizes)
            if not size:
                raise OSError
            return write(descriptor, chunk[:size])

        monkeypatch.setattr(os, "write", some)

        file.add(b"first\n", b"second\n")

        assert file.content == b"first\nsecond\n"


class TestEnd:
    @pytest.mark.parametrize(
        "end", ["add()", "add(); sys.exit(3)", "add(); raise ValueError", IN_CHILD, AFTER_PARENT]
    )
    def test_of_the_process_writes_all(self, end: str) -> None:
        process = subprocess.run(  # noqa: S603 - ours
            [sys.executable, "-c", ADD + end],
            stderr=subprocess.PIPE,
            check=False,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        )

        assert process.stderr.count(b"held\n") == 1
