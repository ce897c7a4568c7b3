"""A run of `waybill doctor`, for its tests; `tests/handlers/cli/conftest.py` has the fixtures."""

import json
from collections.abc import Callable

import click.testing

SECRET = "a secret of thirty-two characters"

Findings = dict[str, tuple[str, str]]
"""By check, the status and the message."""


class Result:
    """What a run printed, by check, and its exit code."""

    def __init__(self, result: click.testing.Result) -> None:
        self.exit_code = result.exit_code
        self.output = result.output
        self.findings: Findings = {
            finding["check"]: (finding["status"], finding["message"])
            for finding in json.loads(result.output)
        }


Examine = Callable[..., Result]
RunDoctor = Callable[..., click.testing.Result]
ReplaceMethod = Callable[[str, Callable[[], object]], None]
