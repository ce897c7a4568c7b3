"""Finds changes of the code that no test detects: `script/mutate`.

Cosmic Ray makes one change at a time in a copy of the checkout, and runs the tests that
mutants.toml names for the module. Survivors have to be listed in survivors.toml, with the reason
why the change makes no difference that matters.
"""

import argparse
import ast
import json
import os
import resource
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory
from typing import Any

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "var/mutation"
MUTANTS = ROOT / "script/mutants.toml"
SURVIVORS = ROOT / "script/survivors.toml"
LEAST_KILLED = 0.95
FINE, MISSED = 0, 1
_STEP_SECONDS = 0.05
_LEAST_TIMEOUT, _SLOWER = 30.0, 10.0  # seconds, and how many times as long as without a change


@dataclass(frozen=True, order=True)
class Survivor:
    """A change that no test detected: the lines before and after it, without indentation."""

    module: str
    before: str
    after: str


@dataclass(frozen=True)
class Outcome:
    """The results of the changes of one module."""

    module: str
    mutants: int
    survivors: Sequence[Survivor]
    seconds: float


class BrokenTests(Exception):
    """The tests of a module fail without any change."""


def main(arguments: Sequence[str]) -> int:
    """Print the survivors; return 1 where they are too many or not the listed ones."""
    config = tomllib.loads(MUTANTS.read_text("utf-8"))
    options = _options(arguments, config["modules"])
    tests_by_module = {
        name: config["modules"][name] for name in options.modules or config["modules"]
    }
    began = time.monotonic()
    try:
        outcomes = list(_in_copies(tests_by_module, config["exclude-operators"], options.workers))
    except BrokenTests as error:
        print(f"The tests fail without any change: {error}")
        return MISSED
    listed = read_survivors(SURVIVORS.read_text("utf-8"))
    text, code = summarize(outcomes, listed)
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = usage.ru_utime + usage.ru_stime
    print(text, f"{time.monotonic() - began:.0f} s, {cpu:.0f} s of CPU time.", sep="\n")
    FOLDER.joinpath("report.json").write_text(json.dumps([asdict(outcome) for outcome in outcomes]))
    return code


def _options(arguments: Sequence[str], modules: Iterable[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="script/mutate", description=__doc__)
    parser.add_argument("modules", nargs="*", help="Default: all that mutants.toml lists.")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="Default: CPUs.")
    options = parser.parse_args(arguments)
    if unknown := set(options.modules) - set(modules):
        parser.error(f"not in {MUTANTS.name}: {', '.join(sorted(unknown))}")
    return options


def read_survivors(text: str) -> Mapping[Survivor, str]:
    """The reasons of the listed survivors. Raises KeyError where one is missing."""
    rows = tomllib.loads(text).get("survivor", [])
    return {Survivor(row["module"], row["before"], row["after"]): row["reason"] for row in rows}


def summarize(outcomes: Sequence[Outcome], listed: Mapping[Survivor, str]) -> tuple[str, int]:
    """The report of the outcomes, and the exit code."""
    mutants = sum(outcome.mutants for outcome in outcomes)
    survivors = [survivor for outcome in outcomes for survivor in outcome.survivors]
    killed = mutants - len(survivors)
    share = killed / mutants if mutants else 1.0
    lines = [f"{killed} of {mutants} changes were detected: {share:.1%}."]
    modules = {outcome.module for outcome in outcomes}
    unlisted = sorted(set(survivors) - set(listed))
    stale = sorted({survivor for survivor in listed if survivor.module in modules} - set(survivors))
    lines += _shown("Not listed in survivors.toml", unlisted)
    lines += _shown("Listed in survivors.toml, but detected or gone", stale)
    is_missed = bool(unlisted or stale) or share < LEAST_KILLED
    return "\n".join(lines), MISSED if is_missed else FINE


def _row(outcome: Outcome) -> str:
    survived = len(outcome.survivors)
    counted = f"{outcome.mutants:5} changes {survived:4} survived"
    return f"{outcome.module:40}{counted} {outcome.seconds:6.0f} s"


def _shown(title: str, survivors: Sequence[Survivor]) -> Iterator[str]:
    """The survivors in the format of survivors.toml."""
    if survivors:
        yield f"\n{title}:"
    for survivor in survivors:
        rows = (f"{name} = {json.dumps(value)}" for name, value in asdict(survivor).items())
        yield "\n".join(["\n[[survivor]]", *rows])


def _in_copies(
    tests_by_module: Mapping[str, Sequence[str]], excluded: Sequence[str], workers: int
) -> Iterator[Outcome]:
    """Change each module, in a copy of the checkout that no other module uses meanwhile."""
    copies: SimpleQueue[Path] = SimpleQueue()
    for number in range(workers):
        copies.put(_copy(FOLDER / f"copy-{number}"))

    def work(module: str) -> Outcome:
        copy = copies.get()
        try:
            return _change(copy, module, tests_by_module[module], excluded)
        finally:
            copies.put(copy)

    # Modules that need a database come first: they take longest.
    modules = sorted(tests_by_module, key=lambda name: (name.startswith("domain"), name))
    with ThreadPoolExecutor(workers) as pool:
        for outcome in pool.map(work, modules):
            print(_row(outcome), flush=True)
            yield outcome


def _copy(folder: Path) -> Path:
    """Copy all files of the checkout in their current state."""
    shutil.rmtree(folder, ignore_errors=True)
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, names.split("\0")):
        if (ROOT / name).is_file():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, target)
    # By hash: the times of files that change twice a second are too coarse.
    _python(folder, "-m", "compileall", "-q", "--invalidation-mode", "checked-hash", ".")
    return folder


def _change(copy: Path, module: str, tests: Sequence[str], excluded: Sequence[str]) -> Outcome:
    began = time.monotonic()
    with _running_tests(copy, tests) as test_command:
        timeout = max(_LEAST_TIMEOUT, _SLOWER * (time.monotonic() - began))
        config = copy / "cosmic-ray.toml"
        config.write_text(_config(module, test_command, timeout, excluded))
        session = copy / f"{module.replace('/', '-')}.sqlite"
        _python(copy, "-m", "cosmic_ray.cli", "init", config.name, session.name)
        filter_ = "cosmic_ray.tools.filters.operators_filter"
        _python(copy, "-m", filter_, session.name, config.name)
        _leave_out(session, is_left_out((copy / module).read_text("utf-8")))
        _python(copy, "-m", "cosmic_ray.cli", "exec", config.name, session.name)
    mutants, survivors = _results(session, module)
    return Outcome(module, mutants, survivors, time.monotonic() - began)


@contextmanager
def _running_tests(copy: Path, tests: Sequence[str]) -> Iterator[list[str]]:
    """Yield a command that runs these tests in the copy. Raises BrokenTests where they fail."""
    options = ["-x", "-q", "-p", "no:cacheprovider", "-p", "pytest_cov.plugin"]
    options += ["-p", "script.mutation_profile", *tests]
    # Tests of the domain run without conftest.py, which takes most of the time to load.
    for arguments in ([*options, "--noconftest"], options):
        with TemporaryDirectory() as folder, (copy / "tests.txt").open("w+") as output:
            socket_path = Path(folder, "socket")
            command = [sys.executable, "-m", "script.mutation_server", str(socket_path), *arguments]
            server = subprocess.Popen(
                command, cwd=copy, env=_environment(), stdout=output, stderr=output
            )
            try:
                while server.poll() is None and not socket_path.exists():
                    time.sleep(_STEP_SECONDS)
                client_command = [
                    sys.executable,
                    "-I",
                    "-S",
                    "script/mutation_client.py",
                    str(socket_path),
                ]
                if server.poll() is None:
                    # Otherwise a broken set-up would count as a detected change.
                    subprocess.run(client_command, cwd=copy, check=True, capture_output=True)
                    yield client_command
                    return
            finally:
                server.kill()
                server.wait()
            output.seek(0)
            failure = output.read()
    raise BrokenTests(failure)


def _config(
    module: str, test_command: Sequence[str], timeout: float, excluded: Sequence[str]
) -> str:
    command = " ".join(test_command)
    return f"""
[cosmic-ray]
module-path = {json.dumps(module)}
timeout = {timeout}
excluded-modules = []
test-command = {json.dumps(command)}
[cosmic-ray.distributor]
name = "local"
[cosmic-ray.filters.operators-filter]
exclude-operators = {json.dumps(list(excluded))}
"""


def _python(folder: Path, *arguments: str) -> None:
    command = [sys.executable, *arguments]
    subprocess.run(command, cwd=folder, env=_environment(), check=True, capture_output=True)


def _environment() -> dict[str, str]:
    # Loading all installed plugins takes a second.
    return os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONDONTWRITEBYTECODE": "1"}


def is_left_out(source: str) -> Callable[[tuple[int, int]], bool]:
    """Return whether a position (line, column) is in code that these tests do not cover.

    mypy checks annotations, their imports and the flags of dataclasses. Tables are compared with
    the migrations, column by column, by tests/persistence/test_migrations.py.
    """
    spans = [
        ((node.lineno, 0 if is_whole_line else node.col_offset), _end(node))
        for node, is_whole_line in _left_out(ast.parse(source))
    ]
    return lambda position: any(begin <= position < end for begin, end in spans)


def _end(node: ast.expr | ast.stmt) -> tuple[int, int]:
    return node.end_lineno or 0, node.end_col_offset or 0


def _left_out(tree: ast.AST) -> Iterator[tuple[ast.expr | ast.stmt, bool]]:
    """Yield nodes, and whether the start of the line belongs to them, as for decorators."""
    for node in ast.walk(tree):
        match node:
            case ast.arg(annotation=ast.expr() as annotation):
                yield annotation, False
            case (
                ast.AnnAssign(value=ast.Call(func=ast.Name(id="field")))
                | ast.If(test=ast.Name(id="TYPE_CHECKING"))
            ):
                yield node, False
            case ast.AnnAssign(annotation=annotation):
                yield annotation, False
            case ast.FunctionDef(returns=ast.expr() as annotation):
                yield annotation, False
            case ast.ClassDef(bases=bases) if "Protocol" in map(ast.unparse, bases):
                yield node, False  # its body never runs; mypy checks it
            case ast.ClassDef(decorator_list=decorators):
                yield from ((decorator, True) for decorator in decorators)
            case (
                ast.Assign(value=ast.Call(func=function)) | ast.Expr(value=ast.Call(func=function))
            ):
                if ast.unparse(function) == "sa.Table":
                    yield node, False


def _leave_out(session: Path, is_ours: Callable[[tuple[int, int]], bool]) -> None:
    from cosmic_ray.work_db import use_db
    from cosmic_ray.work_item import WorkerOutcome, WorkResult

    with use_db(session) as work:
        left_out = [
            item.job_id
            for item in work.pending_work_items
            if all(is_ours(mutation.start_pos) for mutation in item.mutations)
        ]
        work.set_multiple_results(left_out, WorkResult(WorkerOutcome.SKIPPED))


def _results(session: Path, module: str) -> tuple[int, list[Survivor]]:
    from cosmic_ray.work_db import use_db
    from cosmic_ray.work_item import WorkerOutcome

    with use_db(session) as work:
        results = [result for _, result in work.results]
    tried: list[Any] = [
        result for result in results if result.worker_outcome == WorkerOutcome.NORMAL
    ]
    broken = [result for result in results if result.worker_outcome == WorkerOutcome.EXCEPTION]
    if broken:
        raise RuntimeError(f"{module}: {broken[0].output}")
    survivors = [read_change(module, result.diff) for result in tried if not result.is_killed]
    return len(tried), survivors


def read_change(module: str, diff: str) -> Survivor:
    """The survivor of a unified diff."""
    lines = diff.splitlines()[3:]
    before, after = (
        "\n".join(line[1:].strip() for line in lines if line.startswith(sign)) for sign in "-+"
    )
    return Survivor(module, before, after)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
