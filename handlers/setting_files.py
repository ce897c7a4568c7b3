"""Settings in files: `WAYBILL_SECRET_FILE` names a file with the value of `WAYBILL_SECRET`.

Every secret setting has this form. Docker, Kubernetes and systemd (`LoadCredential`) give secrets
to a process as files, since environment variables are shown in many places.
"""

import os
from collections.abc import Iterable, Mapping
from dataclasses import Field
from pathlib import Path
from typing import Any, NamedTuple

from marshmallow import ValidationError

SUFFIX = "_FILE"


class FileSettings(NamedTuple):
    """Values by the names of their settings, and errors by the names of variables."""

    values: dict[str, str]
    errors: Mapping[str, list[str]]


def is_secret(setting: Field[Any]) -> bool:
    """Whether a setting must not be shown, and can come from a file. Its value is text."""
    return not setting.repr


def read_setting_files(settings: Iterable[Field[Any]], prefix: str) -> FileSettings:
    """Read the settings whose files are named in the environment.

    An error names the file, never its content.
    """
    values: dict[str, str] = {}
    errors: dict[str, list[str]] = {}
    for setting in filter(is_secret, settings):
        variable = prefix + setting.name.upper()
        path = os.environ.get(variable + SUFFIX)
        if path is None:
            continue
        if variable in os.environ:
            errors[variable + SUFFIX] = [f"{variable} is set, too; set only one of them."]
            continue
        try:
            values[setting.name] = _content(path)
            setting.metadata["validate"](values[setting.name])
        except ValidationError as error:
            errors[variable + SUFFIX] = [str(message) for message in error.messages]
    return FileSettings(values, errors)


def _content(path: str) -> str:
    """The text of a file, without a newline at its end."""
    try:
        text = Path(path).read_text("utf-8")
    except OSError as error:
        raise ValidationError(f"Can't read {path}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise ValidationError(f"{path} is not text in UTF-8.") from error
    return text.removesuffix("\n").removesuffix("\r")
