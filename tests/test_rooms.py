"""Who may import whom."""

import subprocess
import sys

import grimp

LINT = "from importlinter.cli import lint_imports_command; lint_imports_command()"


def test_each_room_imports_only_the_rooms_it_may() -> None:
    # In a process of its own, since it turns off the loggers that other tests listen to.
    linted = subprocess.run(  # noqa: S603 - ours
        [sys.executable, "-c", LINT, "--no-cache"], capture_output=True, text=True, check=False
    )
    assert linted.returncode == 0, linted.stdout


def test_the_domain_imports_nothing_but_the_standard_library() -> None:
    graph = grimp.build_graph("domain", include_external_packages=True, cache_dir=None)

    foreign = {module.partition(".")[0] for module in graph.modules} - {"domain"}

    assert foreign <= sys.stdlib_module_names


def test_one_module_imports_connexion() -> None:
    # It puts off what connexion would import for nothing.
    graph = grimp.build_graph("handlers", include_external_packages=True, cache_dir=None)

    assert graph.find_modules_that_directly_import("connexion") == {
        "handlers.contract.asgi.routing"
    }
