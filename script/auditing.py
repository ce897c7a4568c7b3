"""What is pinned, under which licence, and what is known to be wrong with it: `script/audit`."""

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
    """One that is installed, as its own metadata tell."""

    name: str
    version: str
    licence: str


@dataclass(frozen=True)
class Verdict:
    """What the service says of some packages.

    ``vulnerabilities`` are told by package, ``unjudged`` are packages that it does not know.
    """

    vulnerabilities: Mapping[str, Sequence[str]]
    unjudged: Sequence[str]


def main(names: Sequence[str]) -> int:
    """Print both lists for these files of requirements/; return the exit code."""
    packages = sorted({each for name in names for each in _installed(name)})
    print(licences(packages))
    verdicts = [read_verdict(_audit(name)) for name in names]
    told, code = judgement(verdicts)
    print(told)
    return code


def licences(packages: Iterable[Package]) -> str:
    """A table of packages."""
    rows = "\n".join(f"| {each.name} | {each.version} | {each.licence} |" for each in packages)
    return f"| package | version | licence |\n|---|---|---|\n{rows}\n"


def read_verdict(text: str) -> Verdict | None:
    """Read what pip-audit says, in JSON; None where it says nothing, since nobody answered it."""
    try:
        dependencies: list[dict[str, Any]] = json.loads(text)["dependencies"]
    except ValueError:
        return None
    return Verdict(
        vulnerabilities={
            f"{each['name']} {each['version']}": [found["id"] for found in each["vulns"]]
            for each in dependencies
            if each.get("vulns")
        },
        unjudged=[each["name"] for each in dependencies if "skip_reason" in each],
    )


def judgement(verdicts: Sequence[Verdict | None]) -> tuple[str, int]:
    """What to tell of all verdicts, and the exit code: no answer is no good news."""
    answered = [each for each in verdicts if each is not None]
    lines = [
        f"VULNERABLE: {package}: {', '.join(ids)}"
        for verdict in answered
        for package, ids in verdict.vulnerabilities.items()
    ]
    code = VULNERABLE if lines else FINE
    unjudged = sorted({name for verdict in answered for name in verdict.unjudged})
    if len(answered) < len(verdicts):
        lines.append("NOT KNOWN: the vulnerability service could not be reached.")
    if unjudged:
        lines.append(f"NOT KNOWN: the vulnerability service does not know {', '.join(unjudged)}.")
    if lines and code == FINE:
        code = UNKNOWN
    return "\n".join(lines or ["No known vulnerabilities."]), code


def _installed(name: str) -> list[Package]:
    python = str(_ROOT / "var" / "audit" / name / "bin" / "python")
    told = _said(
        "pip-licenses", f"--python={python}", "--from=mixed", "--with-system", "--format=json"
    )
    return [Package(each["Name"], each["Version"], each["License"]) for each in json.loads(told)]


def _audit(name: str) -> str:
    """What pip-audit prints; its exit code says too little: it skips what nobody answers for."""
    file = str(_ROOT / "requirements" / f"{name}.txt")
    options = ["--disable-pip", "--require-hashes", "--format=json", "--progress-spinner=off"]
    return _said("pip-audit", *options, "--requirement", file, check=False)


def _said(tool: str, *arguments: str, check: bool = True) -> str:
    command = [str(_TOOLS / tool), *arguments]
    done = subprocess.run(command, check=check, capture_output=True, text=True)
    if not done.stdout:  # beside an answer, its words are too good: they pass over what it skipped
        print(*done.stderr.splitlines()[-1:], file=sys.stderr)
    return done.stdout


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
