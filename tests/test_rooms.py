"""The permitted imports between rooms."""

import subprocess
import sys

import grimp

LINT = "from importlinter.cli import lint_imports_command; lint_imports_command()"


def test_a_room_imports_only_permitted_rooms() -> None:
    # In a separate process, since it turns off loggers that other tests need.
    linted = subprocess.run(  # noqa: S603 - ours
        [sys.executable, "-c", LINT, "--no-cache"], capture_output=True, text=True, check=False
    )
    assert linted.returncode == 0, linted.stdout


def test_the_domain_imports_only_the_standard_library() -> None:
    graph = grimp.build_graph("domain", include_external_packages=True, cache_dir=None)

    foreign = {module.partition(".")[0] for module in graph.modules} - {"domain"}

    assert foreign <= sys.stdlib_module_names


def test_only_one_module_imports_connexion() -> None:
    # It defers imports of connexion that are not needed.
    graph = grimp.build_graph("handlers", include_external_packages=True, cache_dir=None)

    assert graph.find_modules_that_directly_import("connexion") == {
        "handlers.contract.asgi.routing"
    }
