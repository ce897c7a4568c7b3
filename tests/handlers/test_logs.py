import json
import logging
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
import structlog

from handlers.logs import configure_logs
from handlers.settings import LogFormat, Settings
from handlers.standard_error import STANDARD_ERROR


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """Restore the process's logging for other tests."""
    root, configured = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers[:], root.level
    root.handlers = []  # pytest's handlers would be closed
    yield
    root.handlers, root.level = handlers, level
    structlog.configure(**configured)


def configure(log_format: LogFormat, level: int = logging.INFO) -> None:
    configure_logs(
        Settings(secret="of thirty-two characters or more", log_format=log_format, log_level=level)
    )


def break_something(log: structlog.stdlib.BoundLogger | logging.Logger) -> None:
    secret = "".join(["hun", "ter2"])
    try:
        [].pop()
    except IndexError:
        log.exception("broken")
    assert secret


def json_lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    output = capsys.readouterr()
    assert output.out == ""
    return [json.loads(line) for line in output.err.splitlines()]


class TestJson:
    def test_lines_of_our_own_are_objects(self, capsys: pytest.CaptureFixture[str]) -> None:
        configure(LogFormat.JSON)

        with structlog.contextvars.bound_contextvars(request_id="r1"):
            structlog.get_logger("waybill.test").info("request", path="/ş\n/", status=200)

        [line] = json_lines(capsys)
        assert str(line.pop("timestamp")).endswith("Z")
        assert line == {
            "event": "request",
            "level": "info",
            "path": "/ş\n/",
            "request_id": "r1",
            "status": 200,
        }

    def test_lines_of_libraries_are_the_same(self, capsys: pytest.CaptureFixture[str]) -> None:
        configure(LogFormat.JSON)

        with structlog.contextvars.bound_contextvars(request_id="r1"):
            logging.getLogger("library").warning("took %s seconds", 5)

        [line] = json_lines(capsys)
        assert (line["event"], line["level"]) == ("took 5 seconds", "warning")
        assert line["request_id"] == "r1"

    @pytest.mark.parametrize("ours", [True, False])
    def test_tracebacks_stay_in_one_line_and_show_no_values(
        self, capsys: pytest.CaptureFixture[str], ours: bool
    ) -> None:
        configure(LogFormat.JSON)

        break_something(structlog.get_logger("x") if ours else logging.getLogger("x"))

        [line] = json_lines(capsys)
        assert str(line["exception"]).endswith("IndexError: pop from empty list")
        assert "hunter2" not in str(line)


ROW = "(7, TR330006100519786457841326, Ayşe,\n\nBağdat Caddesi 12)"
REFUSAL = (
    'new row for relation "r" violates check constraint "c"\n'
    f"DETAIL:  Failing row contains {ROW}.\n"
)


def refuse_twice(shown: str) -> None:
    """Like SQLAlchemy: one error is the cause of the other, with the same text."""
    raise RuntimeError(shown) from ValueError(shown)


class TestRefusedRows:
    @pytest.mark.parametrize("log_format", LogFormat)
    @pytest.mark.parametrize(
        "shown", [REFUSAL, f"{REFUSAL}[SQL: INSERT INTO r]\n", f"{REFUSAL}HINT: no"]
    )
    def test_are_not_logged(
        self, capsys: pytest.CaptureFixture[str], log_format: LogFormat, shown: str
    ) -> None:
        configure(log_format)

        try:
            refuse_twice(shown)
        except RuntimeError:
            logging.getLogger("library").exception("broken")

        output = capsys.readouterr().err
        assert output.count("DETAIL: left out") == 2
        assert "violates check constraint" in output
        assert output.count("[SQL: INSERT INTO r]") == 2 * shown.count("SQL")
        assert output.count("HINT: no") == 2 * shown.count("HINT")
        assert "The above exception was the direct cause" in output
        assert "TR33" not in output
        assert "Caddesi" not in output


class TestConsole:
    def test_lines_are_text(self, capsys: pytest.CaptureFixture[str]) -> None:
        configure(LogFormat.CONSOLE)

        structlog.get_logger("waybill.test").info("request", status=200)

        assert "request" in (line := capsys.readouterr().err)
        assert "status=200" in line
        assert "\x1b" not in line

    def test_values_can_not_make_lines_of_their_own(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        configure(LogFormat.CONSOLE)

        structlog.get_logger("waybill.test").info("request", path="/\n2026 forged \x1b[31m")

        [line] = capsys.readouterr().err.splitlines()
        assert "\x1b" not in line

    def test_tracebacks_show_no_values(self, capsys: pytest.CaptureFixture[str]) -> None:
        configure(LogFormat.CONSOLE)

        break_something(structlog.get_logger("waybill.test"))

        output = capsys.readouterr().err
        assert output.endswith("IndexError: pop from empty list\n")
        assert "hunter2" not in output


@pytest.mark.parametrize(
    ("level", "events"),
    [(logging.DEBUG, ["seen", "shown"]), (logging.INFO, ["shown"]), (logging.ERROR, [])],
)
def test_the_level_holds_for_all(
    capsys: pytest.CaptureFixture[str], level: int, events: list[str]
) -> None:
    configure(LogFormat.JSON, level)

    structlog.get_logger("waybill.test").debug("seen")
    logging.getLogger("library").info("shown")

    assert [line["event"] for line in json_lines(capsys)] == events


def test_lines_that_are_held_go_first(capfd: pytest.CaptureFixture[str]) -> None:
    configure(LogFormat.JSON)
    loop = SimpleNamespace(call_later=lambda *_arguments: None)

    STANDARD_ERROR.add(lambda: b"held\n", cast(Any, loop))
    assert capfd.readouterr().err == ""
    logging.getLogger("library").warning("later")

    first, second = capfd.readouterr().err.splitlines()
    assert first == "held"
    assert "later" in second
