"""Tests that are checks of their own: the bad requests, and Schemathesis on the contract."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

from faults.amounts import Amounts
from faults.findings import Finding
from faults.ground import Ground

_ROOT = Path(__file__).parents[1]
_BAD_REQUESTS = "tests/edge/test_bad_requests.py"
_CONTRACT = ("tests/contract/test_schemathesis.py", "tests/contract/test_schemathesis_sellers.py")


def check_bad_requests(ground: Ground, amounts: Amounts) -> Finding:
    """The corpus of tests/edge, as bytes to a running server."""
    bar = "exact status each, 0 × 5xx, no value echoed, no row changed, next request served"
    return _finding("bad requests", ground, amounts.bad_requests, bar, _BAD_REQUESTS)


def check_contract(ground: Ground, amounts: Amounts) -> Finding:
    """Schemathesis, all its checks and ours, in all phases, as everybody and as nobody."""
    return _finding("Schemathesis", ground, amounts.contract_cases, "0 failures", *_CONTRACT)


def _finding(test: str, ground: Ground, wanted: int, bar: str, *files: str) -> Finding:
    report = ground.folder / "tests.xml"
    arguments = ["-q", "-n", "2", "--dist", "worksteal", f"--junit-xml={report}", *files]
    # Not into the folder's outputs: what tests plant to be found is no secret that got out.
    subprocess.run(
        [sys.executable, "-m", "pytest", *arguments],
        cwd=_ROOT,
        env=os.environ | {"WAYBILL_TEST_DATABASE": ground.kind},
        stdout=subprocess.DEVNULL,
        check=False,
    )
    suite = ET.parse(report).getroot()  # noqa: S314 - pytest has written it
    ran = list(suite.iter("testcase"))
    return Finding(
        test=test,
        database=ground.kind,
        amount=sum(int(each.get("value", 0)) for each in suite.iter("property")),
        wanted=wanted,
        bar=bar,
        figures={"tests": len(ran)},
        failures=tuple(_failures(ran)),
    )


def _failures(ran: list[ET.Element]) -> Iterator[str]:
    for test in ran:
        for kind in ("failure", "error", "skipped"):
            for told in test.iter(kind):
                yield f"{test.get('name')}: {kind}: {told.get('message')}"
