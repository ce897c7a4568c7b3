"""Runs the engine of Schemathesis's command line in this process."""

import logging
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from schemathesis import BaseSchema
from schemathesis.core.failures import Failure
from schemathesis.engine import Status, events, from_schema
from schemathesis.engine.recorder import CaseNode, ScenarioRecorder
from schemathesis.engine.run import PhaseName

Link = tuple[str, str]

logger = logging.getLogger(__name__)


@dataclass
class Run:
    """The results: the status of each phase; by operation ("GET /healthz") the number of cases that
    fuzzing sent and the statuses of responses, without requests of checks; the links that were
    followed from one operation to another; and the failures by the name of the check."""

    phases: dict[str, Status] = field(default_factory=dict)
    fuzzed: Counter[str] = field(default_factory=Counter)
    statuses: defaultdict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    links: Counter[Link] = field(default_factory=Counter)
    failures: dict[str, list[str]] = field(default_factory=dict)

    def __str__(self) -> str:
        return "\n\n".join(
            f"{check}: {result}" for check, failures in self.failures.items() for result in failures
        )

    @property
    def sent(self) -> int:
        """The number of cases with a response."""
        return sum(statuses.total() for statuses in self.statuses.values())

    def accepted(self, label: str) -> int:
        """The number of successes and redirects of the operation."""
        return sum(count for status, count in self.statuses[label].items() if status < 400)

    def refused(self, label: str) -> int:
        """The number of errors of the operation."""
        return self.statuses[label].total() - self.accepted(label)

    def take(self, event: events.EngineEvent) -> None:
        """Add the results of ``event``."""
        match event:
            case events.PhaseFinished():
                self.phases[event.phase.name.value] = event.status
            case events.ScenarioFinished():
                if event.phase is PhaseName.FUZZING:
                    sent = [node for node in event.recorder.cases.values() if _is_own(node)]
                    self.fuzzed[event.recorder.label] += len(sent)
                self._take_answers(event.recorder)
                self._take_failures(event.recorder)
            case events.NonFatalError():
                self._fail("error", f"{event.label}: {event.info.message}")
            case events.EngineFinished():
                for failure in event.failures:
                    self._fail("after_run", _sentence(failure))

    def _take_answers(self, recorder: ScenarioRecorder) -> None:
        for case_id, node in recorder.cases.items():
            status = _status(recorder, case_id)
            if status is None or not _is_own(node):
                continue
            label = node.value.operation.label
            self.statuses[label][status] += 1
            if node.parent_id is not None:
                self.links[recorder.cases[node.parent_id].value.operation.label, label] += 1

    def _take_failures(self, recorder: ScenarioRecorder) -> None:
        for nodes in recorder.checks.values():
            for node in nodes:
                if node.failure_info is not None:
                    info = node.failure_info
                    self._fail(node.name, f"{_sentence(info.failure)}\n{info.code_sample}")

    def _fail(self, check: str, result: str) -> None:
        self.failures.setdefault(check, []).append(result)


def run(schema: BaseSchema, result: Run | None = None) -> Run:
    """Run all phases for all operations of ``schema``; add the results to ``result``."""
    result = result or Run()
    for event in from_schema(schema).execute():
        result.take(event)
    logger.info("schemathesis sent %d cases", result.sent)
    return result


def _is_own(node: CaseNode) -> bool:
    """Whether no check sent it: cases of checks have a parent, but follow no link."""
    return node.parent_id is None or node.transition is not None


def _status(recorder: ScenarioRecorder, case_id: str) -> int | None:
    interaction = recorder.interactions.get(case_id)
    response = interaction.response if interaction else None
    return response.status_code if response else None


def _sentence(failure: Failure) -> str:
    return f"{failure.operation}: {failure.title}: {failure.message}"
