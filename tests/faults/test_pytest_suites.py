"""Reports of pytest: only tests that passed count, and others are reported."""

import pytest

from faults import pytest_suites
from faults.environment import Environment
from faults.pytest_suites import PytestReport
from faults.scale import FULL
from tests.edge.test_bad_requests import GROUPS

REPORT = """<testsuites><testsuite>
<testcase name="test_bad_requests_are_refused_without_echo_and_without_effect[wire]"/>
<testcase name="test_holds"><system-out>INFO schemathesis sent 120 cases
INFO schemathesis sent 30 cases</system-out></testcase>
<testcase name="test_fails"><failure message="assert 500 == 404"/>
<system-out>INFO schemathesis sent 9000 cases</system-out></testcase>
<testcase name="test_is_left_out"><skipped message="not today"/></testcase>
</testsuite></testsuites>"""


@pytest.fixture(autouse=True)
def report(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pytest_suites, "_run", lambda *_: PytestReport.parse(REPORT))


def test_inputs_of_groups_that_passed_are_counted(environment: Environment) -> None:
    finding = pytest_suites.bad_requests(environment, FULL)

    assert finding.count == len(GROUPS["wire"])


def test_cases_of_runs_that_passed_are_counted(environment: Environment) -> None:
    finding = pytest_suites.contract(environment, FULL)

    assert (finding.count, finding.figures) == (150, {"runs": 2})
    assert not finding.is_passed


def test_failed_and_skipped_tests_are_reported(environment: Environment) -> None:
    finding = pytest_suites.contract(environment, FULL)

    assert finding.failures == ("test_fails: assert 500 == 404", "test_is_left_out: not today")
