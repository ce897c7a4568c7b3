"""compose.yaml: valid, hardened, in the right order, with secrets as files."""

import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.deployed_files import DEPLOY, interpolated, unknown_settings

FILE = DEPLOY / "compose.yaml"
TEXT = interpolated(FILE.read_text(), {"WAYBILL_PUBLIC_URL": "https://shop.example"})
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = ("migrate", "server-1", "server-2", "worker")


def test_is_a_compose_file() -> None:
    compose_spec = pytest.importorskip("compose_spec", reason="see requirements/deploy.txt")

    parsed = compose_spec.PyCompose.from_yaml(yaml.dump(COMPOSE))

    assert set(parsed.service_names()) == SERVICES.keys()


def test_needs_the_public_address() -> None:
    with pytest.raises(AssertionError, match="WAYBILL_PUBLIC_URL has no default"):
        interpolated(FILE.read_text(), {})


@pytest.mark.parametrize("name", SERVICES)
class TestService:
    def test_is_hardened(self, name: str) -> None:
        service = SERVICES[name]

        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert not service["user"].startswith("0")
        assert not {"privileged", "cap_add", "pid", "network_mode"} & service.keys()

    def test_has_networks_and_secrets_that_exist(self, name: str) -> None:
        service = SERVICES[name]

        assert set(service["networks"]) <= COMPOSE["networks"].keys()
        assert set(service.get("secrets", [])) <= COMPOSE["secrets"].keys()
        assert set(service.get("depends_on", {})) <= SERVICES.keys()

    def test_reads_only_its_own_secrets(self, name: str) -> None:
        service = SERVICES[name]
        files = [
            value.removeprefix("/run/secrets/")
            for value in service.get("environment", {}).values()
            if value.startswith("/run/secrets/")
        ]

        assert set(files) <= set(service.get("secrets", []))

    def test_waits_only_for_what_becomes_healthy(self, name: str) -> None:
        for other, wait in SERVICES[name].get("depends_on", {}).items():
            is_one_shot = SERVICES[other].get("restart") == "no"
            healthy = "service_completed_successfully" if is_one_shot else "service_healthy"
            assert wait["condition"] == healthy, other
            assert is_one_shot or "disable" not in SERVICES[other].get("healthcheck", {})


def test_only_the_proxy_is_public() -> None:
    assert {name for name, service in SERVICES.items() if "ports" in service} <= {"proxy"}
    assert COMPOSE["networks"]["back"]["internal"] is True
    assert {name for name in SERVICES if "front" in SERVICES[name]["networks"]} == {
        "proxy",
        "server-1",
        "server-2",
    }


def test_the_worker_is_checked_by_the_file_that_it_updates() -> None:
    worker = SERVICES["worker"]
    [*_, file] = worker["command"]

    assert worker["command"] == ["worker", "--alive-file", file]
    assert worker["healthcheck"]["test"][2:] == ["/opt/waybill/healthcheck.py", file]
    assert file.startswith(worker["tmpfs"][0].partition(":")[0])


def test_servers_stop_after_they_drained() -> None:
    server = SERVICES["server-1"]
    drain = int(server["environment"]["WAYBILL_DRAIN_SECONDS"])

    assert int(server["stop_grace_period"].removesuffix("s")) > drain + 10


def test_has_settings_that_exist() -> None:
    assert unknown_settings(FILE) == set()


class TestSecrets:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        (tmp_path / "make-secrets").write_bytes((DEPLOY / "make-secrets").read_bytes())
        return tmp_path

    @staticmethod
    def make(folder: Path, *arguments: str) -> str:
        command = ["/bin/sh", str(folder / "make-secrets"), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
        return done.stderr

    def test_are_those_of_the_file(self, folder: Path) -> None:
        self.make(folder, "smtp://mail.example")

        made = {path.name for path in (folder / "secrets").iterdir()}
        assert made == COMPOSE["secrets"].keys()
        assert all(row["file"] == f"secrets/{name}" for name, row in COMPOSE["secrets"].items())

    def test_are_random_and_private(self, folder: Path) -> None:
        self.make(folder)

        secrets = folder / "secrets"
        assert len((secrets / "secret").read_text().strip()) == 64
        assert (secrets / "secret").read_text() != (secrets / "database_password").read_text()
        assert stat.S_IMODE(secrets.stat().st_mode) == 0o700

    def test_are_made_once(self, folder: Path) -> None:
        self.make(folder)
        before = (folder / "secrets/secret").read_text()
        self.make(folder)

        assert (folder / "secrets/secret").read_text() == before

    def test_match_each_other(self, folder: Path) -> None:
        self.make(folder)

        secrets = folder / "secrets"
        password = (secrets / "database_password").read_text().strip()
        assert f":{password}@pgbouncer:6432/" in (secrets / "database_url").read_text()
        assert f":{password}@database:5432/" in (secrets / "migration_url").read_text()
        assert (secrets / "pooler_users").read_text() == f'"waybill" "{password}"\n'

    def test_lack_the_mail_server_until_it_is_named(self, folder: Path) -> None:
        assert "smtp_url" in self.make(folder)
        assert self.make(folder, "smtp://mail.example") == ""
        assert (folder / "secrets/smtp_url").read_text() == "smtp://mail.example\n"
