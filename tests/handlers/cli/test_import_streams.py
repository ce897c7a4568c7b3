"""Imports from a pipe that stays open."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest
import sqlalchemy as sa

from handlers.cli import imports, progress
from handlers.cli.import_streams import arriving_lines, is_open_ended
from handlers.cli.ndjson import MAX_LINE_BYTES, Line
from persistence.engine.engines import Pool, connect
from persistence.orders.orders import orders
from tests.handlers.cli.conftest import Run
from tests.support.documents import order_document
from tests.support.processes import wait_until
from tests.support.server import COMMAND, SECRET


@pytest.fixture
def pipe() -> Iterator[tuple[int, IO[bytes]]]:
    """The read end and the write end of a pipe."""
    read_end, write_end = os.pipe()
    with os.fdopen(write_end, "wb", buffering=0) as writer:
        yield read_end, writer
    os.close(read_end)


class TestArrivingLines:
    def test_are_yielded_while_the_pipe_is_open(self, pipe: tuple[int, IO[bytes]]) -> None:
        read_end, writer = pipe
        lines = arriving_lines(read_end, 0.01)

        writer.write(b"a\n\nb")
        assert [next(lines) for _ in range(3)] == [Line(1, 2, b"a\n"), Line(2, 1, b"\n"), None]
        writer.write(b"c\n")
        assert next(lines) == Line(3, 3, b"bc\n")
        writer.write(b"d")
        writer.close()
        assert list(lines) == [Line(4, 1, b"d")]

    def test_are_cut_like_those_of_a_file(
        self, pipe: tuple[int, IO[bytes]], tmp_path: Path
    ) -> None:
        file = tmp_path / "long"
        file.write_bytes(b"x" * (MAX_LINE_BYTES + 70_000) + b"\nshort\n")
        with file.open("rb") as stream:
            long, short = arriving_lines(stream.fileno(), 1)

        assert long == Line(1, MAX_LINE_BYTES + 70_001, b"x" * (MAX_LINE_BYTES + 1))
        assert short == Line(2, 6, b"short\n")

    def test_are_not_used_for_files(self, pipe: tuple[int, IO[bytes]], tmp_path: Path) -> None:
        file = tmp_path / "orders"
        file.touch()
        with file.open("rb") as regular, os.fdopen(os.dup(pipe[0]), "rb") as reader:
            assert (is_open_ended(regular), is_open_ended(reader)) == (False, True)


@pytest.fixture
def importing(tmp_path: Path, database_url: str) -> Iterator[subprocess.Popen[str]]:
    """`waybill import orders -` with an open standard input."""
    process = subprocess.Popen(  # noqa: S603 - our own code
        [sys.executable, "-c", COMMAND, "import", "orders", "-"],
        cwd=tmp_path,
        env=os.environ
        | {"PYTHONPATH": os.pathsep.join(sys.path), "WAYBILL_DATABASE_URL": database_url}
        | SECRET,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    yield process
    process.kill()
    process.communicate()


class TestOpenPipe:
    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_input_is_stored_at_once_and_stays(
        self,
        importing: subprocess.Popen[str],
        database_url: str,
        tmp_path: Path,
        number: signal.Signals,
    ) -> None:
        engines = connect(database_url, Pool(1))

        def stored() -> int:
            with engines.autocommit.connect() as connection:
                return connection.execute(
                    sa.select(sa.func.count()).select_from(orders)
                ).scalar_one()

        def send(text: str) -> None:
            assert importing.stdin
            importing.stdin.write(f"{text}\n")
            importing.stdin.flush()

        send(json.dumps(order_document(number="1")))
        wait_until(lambda: stored() == 1)  # until the command has started
        began = time.monotonic()
        send(json.dumps(order_document(number="2")))
        send("{}")
        wait_until(lambda: stored() == 2)
        # A second, plus delays of a busy machine.
        assert time.monotonic() - began < 5
        wait_until((tmp_path / "stdin.rejects.ndjson").read_bytes)

        importing.send_signal(number)
        output, _ = importing.communicate(timeout=30)

        assert "2 created, 0 updated, 0 unchanged, 1 rejected" in output
        assert importing.returncode == 128 + number
        engines.dispose()


class TestRejects:
    def test_of_an_earlier_stream_are_not_overwritten(
        self, waybill: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)

        for number in range(2):
            waybill("import", "orders", "-", typed=f'{{"number": {number}}}\n')

        rows = (tmp_path / "stdin.rejects.ndjson").read_text("utf-8").splitlines()
        assert [json.loads(row)["text"] for row in rows] == ['{"number": 0}', '{"number": 1}']


class TestProgress:
    def test_is_a_line_from_time_to_time_without_a_terminal(
        self, waybill: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(progress, "EVERY_SECONDS", 0)
        monkeypatch.setattr(imports, "BATCH_SIZE", 1)
        file = tmp_path / "orders"
        documents = [order_document(number=str(number)) for number in range(2)]
        file.write_text("".join(f"{json.dumps(document)}\n" for document in [*documents, {}]))

        result = waybill("import", "orders", str(file))

        assert "3 lines read, 1 stored, 1 rejected\n" in result.stderr

    def test_is_not_written_more_often(self, capsys: pytest.CaptureFixture[str]) -> None:
        lines = progress.ProgressLines(every=3600)

        lines.write(lambda: "never")

        assert capsys.readouterr().err == ""
