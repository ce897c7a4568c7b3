"""Builds the wheel, in which the rooms are packages of `waybill`; by setuptools (PEP 517).

In the repository the rooms are top-level packages. If they were installed like that, common names
such as `handlers` and `domain` would collide with packages of others. Editable installs and source
distributions are those of setuptools. docs/decisions/0016-a-wheel-with-one-package.md has the
reasons.
"""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from setuptools import build_meta

from script.installed_form import move_rooms, rename_in_metadata

get_requires_for_build_sdist = build_meta.get_requires_for_build_sdist
build_sdist = build_meta.build_sdist
get_requires_for_build_editable = build_meta.get_requires_for_build_editable
prepare_metadata_for_build_editable = build_meta.prepare_metadata_for_build_editable
build_editable = build_meta.build_editable
get_requires_for_build_wheel = build_meta.get_requires_for_build_wheel

_Config = Mapping[str, Any] | None


def prepare_metadata_for_build_wheel(
    metadata_directory: str, config_settings: _Config = None
) -> str:
    """Write the metadata of the wheel; return the name of its folder."""
    name: str = build_meta.prepare_metadata_for_build_wheel(metadata_directory, config_settings)
    rename_in_metadata(Path(metadata_directory, name))
    return name


def build_wheel(
    wheel_directory: str, config_settings: _Config = None, metadata_directory: str | None = None
) -> str:
    """Build the wheel; return its name. Raises ImmovableImport."""
    from wheel.wheelfile import WheelFile  # the other hooks do not need it

    with tempfile.TemporaryDirectory() as folder:
        # A build folder in the checkout would bring back modules that were deleted since.
        options = {"--global-option": ["build", f"--build-base={folder}/build"]}
        name: str = build_meta.build_wheel(
            f"{folder}/flat", {**(config_settings or {}), **options}, metadata_directory
        )
        tree = Path(folder, "tree")
        with WheelFile(f"{folder}/flat/{name}") as flat:
            flat.extractall(tree)
        move_rooms(tree)
        with WheelFile(Path(wheel_directory, name), "w") as wheel:
            wheel.write_files(str(tree))
    return name
