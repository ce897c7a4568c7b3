"""`script/sdks`: every tool against the document of a running server."""

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import httpx

from sdks.report import write_table
from sdks.shop import served_shop
from sdks.tools import CHECKOUT, Tool, load_tools
from sdks.walk import Outcome, Walk

_WORK = CHECKOUT / "var/sdks"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the tools and print what came of each. Returns the exit code."""
    tools = load_tools()
    parser = argparse.ArgumentParser(prog="script/sdks", description=__doc__)
    some = parser.add_mutually_exclusive_group()
    some.add_argument("--quick", action="store_true", help="only the tools that script/test runs")
    some.add_argument("--only", choices=[tool.name for tool in tools], action="append")
    options = parser.parse_args(arguments)
    chosen = [
        tool
        for tool in tools
        if (tool.is_quick or not options.quick) and (not options.only or tool.name in options.only)
    ]
    outcomes = _run(chosen)
    if outcomes and len(chosen) == len(tools) and not any(each.faults for each in outcomes):
        write_table(outcomes)
    failed = sum(bool(outcome.faults) for outcome in outcomes)
    print(f"{len(outcomes) - failed} passed, {failed} failed")
    return int(failed > 0)


def _run(tools: Sequence[Tool]) -> list[Outcome]:
    outcomes = []
    python = str(_WORK / "waybill/bin/python")
    with tempfile.TemporaryDirectory() as folder, served_shop(Path(folder), python) as shop:
        (_WORK / "openapi.json").write_bytes(httpx.get(f"{shop.url}/openapi.json").content)
        casts = shop.casts()
        for tool in tools:
            began = time.monotonic()
            cast = next(casts) if tool.scenario else None
            outcome = Walk(tool, _WORK, shop.url).run(cast)
            print(f"{time.monotonic() - began:5.1f} s  {tool.name}", flush=True)
            for fault in outcome.faults:
                print(f"         {fault}", flush=True)
            outcomes.append(outcome)
    return outcomes


if __name__ == "__main__":
    sys.exit(main())
