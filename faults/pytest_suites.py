"""Runs the test suites that send many requests, and counts their cases."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

from faults.environment import Environment
from faults.findings import Finding
from faults.scale import Scale
from tests.edge.test_bad_requests import GROUPS

_ROOT = Path(__file__).parents[1]
_SECONDS = 550
_CORPUS = "tests/edge/test_bad_requests.py"
_CONTRACT = (
    "tests/contract/test_schemathesis.py",
    "tests/contract/test_schemathesis_sellers.py",
    "tests/contract/test_schemathesis_shop.py",
)
_EXAMPLES = 50  # of each operation while fuzzing: half of the tests' number
_GROUP = re.compile(r"test_bad_requests_are_refused_without_echo_and_without_effect\[(\w+)\]")
# A log line of tests.contract.engine for each of its runs.
_CASES = re.compile(r"schemathesis sent (\d+) cases")


@dataclass(frozen=True)
class PytestReport:
    """A report of pytest: the output of each test that passed, and the message of each other."""

    passed: Mapping[str, str]
    failed: Mapping[str, str]

    @classmethod
    def parse(cls, xml: str) -> "PytestReport":
        """Parse a report in JUnit's format."""
        passed, failed = {}, {}
        for case in ET.fromstring(xml).iter("testcase"):  # noqa: S314 - of pytest
            name, problem = case.attrib["name"], None
            for kind in ("failure", "error", "skipped"):
                problem = case.find(kind) if problem is None else problem
            if problem is None:
                passed[name] = "".join(case.itertext())
            else:
                failed[name] = problem.attrib.get("message", "")
        return cls(passed, failed)


def bad_requests(environment: Environment, scale: Scale) -> Finding:
    """Run the corpus of invalid requests."""
    report = _run(environment, [_CORPUS])
    groups = [match[1] for name in report.passed if (match := _GROUP.fullmatch(name))]
    return Finding(
        title="corpus of bad requests",
        database=environment.kind,
        count=sum(len(GROUPS[group]) for group in groups),
        required=scale.bad_requests,
        requirement="exact status, 0 × 5xx, no value echoed, no row changed, next request served",
        figures={"groups": len(groups)},
        failures=tuple(f"{name}: {message}" for name, message in report.failed.items()),
    )


def contract(environment: Environment, scale: Scale) -> Finding:
    """Run Schemathesis with all its checks and phases."""
    report = _run(environment, [*_CONTRACT, "-k", "TestContract"])
    runs = [int(cases) for output in report.passed.values() for cases in _CASES.findall(output)]
    return Finding(
        title="Schemathesis",
        database=environment.kind,
        count=sum(runs),
        required=scale.contract_cases,
        requirement="0 failures",
        figures={"runs": len(runs)},
        failures=tuple(f"{name}: {message}" for name, message in report.failed.items()),
    )


def _run(environment: Environment, files: Sequence[str]) -> PytestReport:
    """Run these tests. Raises TimeoutExpired, and OSError where there is no report."""
    report = environment.folder / "report.xml"
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "worksteal"]
    command += ["--tb=short", f"--junitxml={report}", "-o", "junit_logging=log"]
    with (environment.folder / "pytest.log").open("w") as output:
        subprocess.run(
            [*command, "--log-level=INFO", *files],
            cwd=_ROOT,
            env=os.environ
            | {"WAYBILL_TEST_DATABASE": environment.kind, "WAYBILL_TEST_EXAMPLES": str(_EXAMPLES)},
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
            timeout=_SECONDS,
        )
    return PytestReport.parse(report.read_text())
