"""The files of deploy/, as parsed."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from handlers.setting_files import SUFFIX, is_secret
from handlers.settings import Settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
_VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")
_SETTING = re.compile(r"\bWAYBILL_[A-Z_]+")
# A variable of compose.yaml itself.
_NO_SETTINGS = {"WAYBILL_IMAGE"}


class Instruction(NamedTuple):
    """An instruction of a Containerfile."""

    name: str
    text: str


def instructions(file: Path) -> list[list[Instruction]]:
    """The instructions of each stage; those before the first FROM are a stage, too."""
    lines = [line for line in file.read_text().splitlines() if not line.startswith("#")]
    stages: list[list[Instruction]] = [[]]
    for line in filter(None, "\n".join(lines).replace("\\\n", " ").splitlines()):
        name, _, text = line.partition(" ")
        if name == "FROM":
            stages.append([])
        stages[-1].append(Instruction(name, " ".join(text.split())))
    return stages


def interpolated(text: str, variables: Mapping[str, str]) -> str:
    """The text of a compose file with its variables, or with their defaults."""

    def value(match: re.Match[str]) -> str:
        if match[1] in variables:
            return variables[match[1]]
        assert match[2] == "-", f"{match[1]} has no default"
        return match[3]

    return _VARIABLE.sub(value, text)


def yaml_documents(file: Path) -> Iterator[dict[str, Any]]:
    yield from yaml.safe_load_all(file.read_text())


def unknown_settings(file: Path) -> set[str]:
    """The names in a file that look like settings, but are not."""
    known = {f"WAYBILL_{setting.name.upper()}" for setting in fields(Settings)}
    in_files = {
        f"WAYBILL_{setting.name.upper()}{SUFFIX}" for setting in filter(is_secret, fields(Settings))
    }
    return set(_SETTING.findall(file.read_text())) - known - in_files - _NO_SETTINGS
