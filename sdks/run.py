"""`script/sdks`: runs every tool on the document of a running server."""

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import httpx

from sdks.report import write_table
from sdks.shop import served_shop
from sdks.tool_run import Outcome, ToolRun
from sdks.tools import CHECKOUT, Tool, load_tools

_WORK = CHECKOUT / "var/sdks"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the tools and print the result of each. Returns the exit code."""
    tools = load_tools()
    parser = argparse.ArgumentParser(prog="script/sdks", description=__doc__)
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--quick", action="store_true", help="only the tools that script/test runs")
    group.add_argument("--only", choices=[tool.name for tool in tools], action="append")
    options = parser.parse_args(arguments)
    selected = [
        tool
        for tool in tools
        if (tool.is_quick or not options.quick) and (not options.only or tool.name in options.only)
    ]
    outcomes = _run(selected)
    if (
        outcomes
        and len(selected) == len(tools)
        and not any(outcome.failures for outcome in outcomes)
    ):
        write_table(outcomes)
    failed = sum(bool(outcome.failures) for outcome in outcomes)
    print(f"{len(outcomes) - failed} passed, {failed} failed")
    return int(failed > 0)


def _run(tools: Sequence[Tool]) -> list[Outcome]:
    outcomes = []
    python = str(_WORK / "waybill/bin/python")
    with tempfile.TemporaryDirectory() as folder, served_shop(Path(folder), python) as shop:
        (_WORK / "openapi.json").write_bytes(httpx.get(f"{shop.url}/openapi.json").content)
        participants_of_scenarios = shop.participants_of_scenarios()
        for tool in tools:
            began = time.monotonic()
            participants = next(participants_of_scenarios) if tool.scenario else None
            outcome = ToolRun(tool, _WORK, shop.url).run(participants)
            print(f"{time.monotonic() - began:5.1f} s  {tool.name}", flush=True)
            for failure in outcome.failures:
                print(f"         {failure}", flush=True)
            outcomes.append(outcome)
    return outcomes


if __name__ == "__main__":
    sys.exit(main())
