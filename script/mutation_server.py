"""Runs the same tests repeatedly for `script/mutate`, without loading libraries each time.

    python -m script.mutation_server SOCKET PYTEST-ARGUMENT...

The tests run once in a child process, which reports the libraries that they load; then this process
loads these libraries, too. A connection to the socket runs the tests in a new child, which loads
the current code of the checkout. The client gets the output and, in a last line, the exit code.
"""

import contextlib
import importlib
import json
import os
import select
import signal
import socket
import sys
from collections.abc import Sequence

import pytest

# Code of the checkout, which changes; and a plugin, which pytest has to load itself.
_NEW = {"domain", "examples", "faults", "handlers", "persistence", "script", "tests", "pytest_cov"}
_STEP_SECONDS = 0.01


def main(path: str, arguments: Sequence[str]) -> int:
    """Serve until killed; return the exit code of the tests where the first run fails."""
    names, exit_code = _libraries(arguments)
    if exit_code:
        return exit_code
    for name in names:
        with contextlib.suppress(Exception):  # some modules can't be imported directly
            importlib.import_module(name)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        while True:
            connection, _ = listener.accept()
            with connection:
                _run_tests(connection, arguments)


def _libraries(arguments: Sequence[str]) -> tuple[list[str], int]:
    read_end, write_end = os.pipe()
    child = os.fork()
    if not child:
        exit_code = int(pytest.main([*arguments]))
        names = [name for name in sys.modules if name.partition(".")[0] not in _NEW]
        os.close(read_end)
        with os.fdopen(write_end, "w") as pipe:
            json.dump(names, pipe)
        os._exit(exit_code)
    os.close(write_end)
    with os.fdopen(read_end) as pipe:
        names = json.loads(pipe.read() or "[]")
    return names, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _run_tests(connection: socket.socket, arguments: Sequence[str]) -> None:
    child = os.fork()
    if not child:
        os.setsid()
        for descriptor in (1, 2):
            os.dup2(connection.fileno(), descriptor)
        os._exit(int(pytest.main([*arguments])))
    status = 0
    while not (done := os.waitpid(child, os.WNOHANG))[0]:
        if select.select([connection], [], [], _STEP_SECONDS)[0]:
            # Clients send nothing: this one was killed, since the tests took too long.
            os.killpg(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return
    status = done[1]
    with contextlib.suppress(OSError):
        connection.sendall(f"\n{os.waitstatus_to_exitcode(status)}\n".encode())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
