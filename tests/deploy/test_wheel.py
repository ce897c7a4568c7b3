"""The wheel has one package, and its commands work beside other packages with the rooms' names."""

import re
import signal
import subprocess
import tarfile
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.parser import HeaderParser
from pathlib import Path

import httpx
import psutil
import pytest

from script.installed_form import ROOMS
from tests.deploy.installation import Installation, copy_sources, installation, run_hook
from tests.support.server import free_port

COMMAND = "[console_scripts]\nwaybill = {}"
LOGIN = {"email": "demo@waybill.example", "password": "demo-shopper"}
PAGES = ("/docs", "/docs/assets/swagger-ui.css", "/openapi.json", "/reference", "/users/login/")


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sources")
    copy_sources(folder)
    return folder


@pytest.fixture(scope="module")
def wheel(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run_hook(sources, "build_wheel", tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def installed(wheel: Path) -> Iterator[Installation]:
    with installation(wheel) as made:
        made.run("migrate")
        made.run("seed", "--users", "1", "--orders-per-user", "1")
        yield made


class TestContents:
    def test_are_one_package(self, wheel: Path) -> None:
        names = zipfile.ZipFile(wheel).namelist()

        top = {name.partition("/")[0] for name in names}
        assert top == {"waybill", f"waybill-{wheel.name.split('-')[1]}.dist-info"}
        assert {name.split("/")[1] for name in names if name.startswith("waybill/")} == {
            *ROOMS,
            "__init__.py",
            "py.typed",
        }

    def test_have_all_files_of_the_rooms(self, sources: Path, wheel: Path) -> None:
        packaged = {Path(name) for name in zipfile.ZipFile(wheel).namelist()}

        missing = [
            path
            for room in ROOMS
            for file in (sources / room).rglob("*")
            if file.is_file()
            and file.name not in {"README.md", "messages.po"}
            and "released" not in file.parts
            if (path := Path("waybill") / file.relative_to(sources)) not in packaged
        ]
        assert missing == []

    def test_need_no_package_of_an_extra(self, wheel: Path) -> None:
        [name] = [name for name in zipfile.ZipFile(wheel).namelist() if name.endswith("/METADATA")]
        metadata = HeaderParser().parsestr(zipfile.ZipFile(wheel).read(name).decode())
        needed = metadata.get_all("Requires-Dist") or []

        assert {text for text in needed if "faker" in text or "redis" in text} == {
            'faker>=40.54; extra == "demo"',
            'limits[redis]>=5.8; extra == "redis"',
        }

    def test_are_those_of_a_source_distribution(
        self, sources: Path, wheel: Path, tmp_path: Path
    ) -> None:
        archive = run_hook(sources, "build_sdist", tmp_path / "sdist")
        with tarfile.open(archive) as file:
            file.extractall(tmp_path, filter="data")
        [unpacked] = tmp_path.glob("waybill-*")

        rebuilt = run_hook(unpacked, "build_wheel", tmp_path / "wheel")

        assert rebuilt.name == wheel.name
        assert contents(rebuilt) == contents(wheel)


def contents(wheel: Path) -> dict[str, bytes]:
    archive = zipfile.ZipFile(wheel)
    return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize(
    ("hook", "module"),
    [
        ("prepare_metadata_for_build_wheel", "waybill.handlers.cli.main:cli"),
        ("prepare_metadata_for_build_editable", "handlers.cli.main:cli"),
    ],
)
def test_the_command_is_that_of_the_installed_form(
    sources: Path, tmp_path: Path, hook: str, module: str
) -> None:
    folder = run_hook(sources, hook, tmp_path)

    assert (folder / "entry_points.txt").read_text().strip() == COMMAND.format(module)


class TestCommands:
    def test_write_the_contract(self, installed: Installation) -> None:
        assert installed.run("contract", "bundle").startswith("openapi: 3.1.0\n")

    def test_deliver_e_mails(self, installed: Installation) -> None:
        assert re.search(r"[1-9][0-9]* delivered, 0 failed\.", installed.run("worker", "--once"))

    def test_remove_what_is_expired(self, installed: Installation) -> None:
        assert installed.run("tidy").startswith("Removed: ")

    def test_show_the_version(self, installed: Installation, wheel: Path) -> None:
        assert installed.run("--version").split() == ["waybill", wheel.name.split("-")[1]]


class TestServer:
    def test_serves_operations_pages_and_files(
        self, installed: Installation, tmp_path: Path
    ) -> None:
        with served(installed, tmp_path, WAYBILL_WORKERS="2") as (client, _):
            login = client.post("/users/login/", json=LOGIN)
            orders = client.get("/users/orders/?limit=1")
            refused = client.get("/users/orders/?limit=0", headers={"Accept-Language": "tr"})
            pages = {
                path: client.get(path, headers={"Accept": "*/*"}).status_code for path in PAGES
            }

        assert login.status_code == 200
        assert orders.json()["count"] > 0
        assert "En az " in str(refused.json()["limit"])
        assert set(pages.values()) == {200}, pages

    def test_serves_a_sandbox(self, installed: Installation, tmp_path: Path) -> None:
        with served(installed, tmp_path, "--sandbox") as (client, _):
            assert "clock" in client.get("/sandbox/").json()

    def test_reloads_its_code(self, installed: Installation, tmp_path: Path) -> None:
        with served(installed, tmp_path) as (client, process):
            main = psutil.Process(process.pid)
            before = set(main.children())
            process.send_signal(signal.SIGHUP)
            wait_for(
                lambda: bool(main.children()) and before.isdisjoint(main.children()),
                process,
                tmp_path / "output",
            )

            assert client.get("/readyz").status_code == 200


@contextmanager
def served(
    installed: Installation, folder: Path, *options: str, **settings: str
) -> Iterator[tuple[httpx.Client, subprocess.Popen[bytes]]]:
    """Serve during the block, with a client of the server; SIGTERM ends it with 0."""
    port = free_port()
    output = folder / "output"
    process = installed.start(
        "serve",
        *options,
        output=output,
        WAYBILL_PORT=str(port),
        WAYBILL_DRAIN_SECONDS="0",
        **settings,
    )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
            wait_for(lambda: is_ready(client), process, output)
            yield client, process
        process.terminate()
        assert process.wait(60) == 0, output.read_text()
    finally:
        process.kill()
        process.wait()


def is_ready(client: httpx.Client) -> bool:
    try:
        return client.get("/readyz").status_code == 200
    except httpx.TransportError:
        return False


def wait_for(condition: Callable[[], bool], process: subprocess.Popen[bytes], output: Path) -> None:
    for _ in range(2400):
        assert process.poll() is None, output.read_text()
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError(output.read_text())
