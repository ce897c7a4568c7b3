"""The pinned packages, their licences and known vulnerabilities: `script/audit`."""

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parents[1]
_TOOLS = Path(sys.executable).parent
FINE, VULNERABLE, UNKNOWN = 0, 1, 2


@dataclass(frozen=True, order=True)
class Package:
    """An installed package, from its metadata."""

    name: str
    version: str
    licence: str


@dataclass(frozen=True)
class AuditResult:
    """The response of the vulnerability service for a file of requirements.

    ``vulnerabilities`` are ids by package; ``unknown`` are packages that it does not know.
    """

    vulnerabilities: Mapping[str, Sequence[str]]
    unknown: Sequence[str]


def main(names: Sequence[str]) -> int:
    """Print licences and vulnerabilities for these files of requirements/; return the exit code."""
    packages = sorted({package for name in names for package in _installed(name)})
    print(licences(packages))
    results = [parse_result(_audit(name)) for name in names]
    text, code = summarize(results)
    print(text)
    return code


def licences(packages: Iterable[Package]) -> str:
    """A table of the packages."""
    rows = "\n".join(f"| {row.name} | {row.version} | {row.licence} |" for row in packages)
    return f"| package | version | licence |\n|---|---|---|\n{rows}\n"


def parse_result(text: str) -> AuditResult | None:
    """Parse the JSON of pip-audit; None without output, when the service did not respond."""
    try:
        dependencies: list[dict[str, Any]] = json.loads(text)["dependencies"]
    except ValueError:
        return None
    return AuditResult(
        vulnerabilities={
            f"{row['name']} {row['version']}": [
                vulnerability["id"] for vulnerability in row["vulns"]
            ]
            for row in dependencies
            if row.get("vulns")
        },
        unknown=[row["name"] for row in dependencies if "skip_reason" in row],
    )


def summarize(results: Sequence[AuditResult | None]) -> tuple[str, int]:
    """The report of all results, and the exit code, which is not FINE without a response."""
    available = [result for result in results if result is not None]
    lines = [
        f"VULNERABLE: {package}: {', '.join(ids)}"
        for result in available
        for package, ids in result.vulnerabilities.items()
    ]
    code = VULNERABLE if lines else FINE
    unknown = sorted({name for result in available for name in result.unknown})
    if len(available) < len(results):
        lines.append("NOT KNOWN: the vulnerability service could not be reached.")
    if unknown:
        lines.append(f"NOT KNOWN: the vulnerability service does not know {', '.join(unknown)}.")
    if lines and code == FINE:
        code = UNKNOWN
    return "\n".join(lines or ["No known vulnerabilities."]), code


def _installed(name: str) -> list[Package]:
    python = str(_ROOT / "var" / "audit" / name / "bin" / "python")
    text = _output(
        "pip-licenses", f"--python={python}", "--from=mixed", "--with-system", "--format=json"
    )
    return [Package(row["Name"], row["Version"], row["License"]) for row in json.loads(text)]


def _audit(name: str) -> str:
    """The output of pip-audit; its exit code ignores packages that the service does not know."""
    file = str(_ROOT / "requirements" / f"{name}.txt")
    options = ["--disable-pip", "--require-hashes", "--format=json", "--progress-spinner=off"]
    return _output("pip-audit", *options, "--requirement", file, check=False)


def _output(tool: str, *arguments: str, check: bool = True) -> str:
    command = [str(_TOOLS / tool), *arguments]
    done = subprocess.run(command, check=check, capture_output=True, text=True)
    if not done.stdout:  # with a response, stderr is misleading: it ignores skipped packages
        print(*done.stderr.splitlines()[-1:], file=sys.stderr)
    return done.stdout


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
