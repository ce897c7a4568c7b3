import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path
from typing import NoReturn

import orjson
import pytest

from handlers.app import create_app, database_of
from handlers.contract.asgi.routing import ContractApp
from handlers.rendering.renderer import ContractRenderer
from handlers.settings import Settings
from persistence.backups import back_up_sqlite
from tests.conftest import KIND
from tests.handlers.cli.conftest import Run
from tests.support import citus
from tests.support.application import Clients, Shop
from tests.support.postgres_programs import PROGRAMS, run_program
from tests.support.restored_backups import move_into_place
from tests.support.stored import change_notes

RESTORED = citus.one_node("a distributed database is restored by way of one node")
MISSING = "postgresql://waybill:geheim@127.0.0.1:1/missing"


@pytest.fixture(autouse=True)
def programs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of the server's version, whatever the machine has."""
    monkeypatch.setenv("PATH", f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "backup"


def restore(settings: Settings, file: Path) -> None:
    """As docs/operations/growth.md says."""
    url = settings.database_url
    if KIND == "sqlite":
        move_into_place(file, Path(url.removeprefix("sqlite:///")))
        return
    # `pg_restore --clean` fails for the constraints of partitions.
    script = file.with_suffix(".sql")
    run_program("pg_restore", f"--file={script}", str(file))
    emptied = "--command=DROP SCHEMA public CASCADE; CREATE SCHEMA public"
    options = ("--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1")
    run_program("psql", *options, emptied, f"--file={script}", url)


@pytest.fixture
def session(shop: Shop) -> str:
    """That of a shopper with an order and an old order."""
    user = shop.user()
    shop.order(user)
    shop.old_order(user)
    return shop.session(user)


def pages(app: ContractApp, session: str) -> list[bytes]:
    """The shopper's orders and old orders, in both languages."""
    client = Clients(app, []).new(session)
    return [
        client.get(path, headers={"Accept-Language": language}).raise_for_status().content
        for path in ("/users/orders/", "/users/old-orders/")
        for language in ("en-us", "tr-tr")
    ]


def refuse_to_render(*_: object) -> NoReturn:
    raise AssertionError("rendered again")


class TestBackup:
    @RESTORED
    def test_is_restored_while_the_server_runs(
        self,
        waybill: Run,
        app: ContractApp,
        settings: Settings,
        shop: Shop,
        clients: Clients,
        file: Path,
    ) -> None:
        user = shop.user()
        orders = [shop.order(user, notes="backed up") for _ in range(2)]
        client = clients.new(shop.session(user))
        shown = client.get("/users/orders/").json()

        result = waybill("backup", str(file))

        assert result.exit_code == 0, result.output
        assert result.output.startswith(f"{file}: ")
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert list(file.parent.iterdir()) == [file]
        change_notes(database_of(app), orders[0].pk, "lost")
        shop.order(user, notes="lost, too")
        assert client.get("/users/orders/").json() != shown
        restore(settings, file)
        assert client.get("/users/orders/").json() == shown

    @RESTORED
    def test_has_the_stored_documents(
        self,
        waybill: Run,
        app: ContractApp,
        settings: Settings,
        session: str,
        file: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """A server that starts on the restored database sends the same bytes, renders nothing."""
        shown = pages(app, session)
        database_of(app).finish_background()
        waybill("backup", str(file))
        change_notes(database_of(app), orjson.loads(shown[0])["results"][0]["pk"], "lost")
        assert pages(app, session) != shown
        restore(settings, file)
        monkeypatch.setattr(ContractRenderer, "__call__", refuse_to_render)
        started = create_app(settings)

        with closing(database_of(started)):
            assert pages(started, session) == shown

    def test_replaces_no_file(self, waybill: Run, file: Path, database_url: str) -> None:
        file.write_text("precious")

        result = waybill("backup", str(file))

        assert result.exit_code == 1
        assert result.output == f"Error: Can't use {file}: File exists.\n"
        assert file.read_text() == "precious"

    def test_needs_a_folder(self, waybill: Run, tmp_path: Path, database_url: str) -> None:
        result = waybill("backup", str(tmp_path / "missing" / "backup"))

        assert result.exit_code == 1
        assert "No such file or directory." in result.output

    def test_needs_a_database(
        self, waybill: Run, tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        missing = f"sqlite:///{tmp_path}/missing" if KIND == "sqlite" else MISSING
        result = waybill("backup", str(file), database_url=missing)

        assert result.exit_code == 1
        assert "missing" in result.output or "refused" in result.output
        assert "geheim" not in result.output
        assert list(tmp_path.iterdir()) == []

    def test_names_the_command_without_pg_dump(
        self, waybill: Run, file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PATH", "")

        result = waybill("backup", str(file), database_url=MISSING)

        assert result.exit_code == 1
        assert result.output.startswith("Error: pg_dump and pg_restore have to be installed here. ")
        assert "--format=custom" in result.output
        assert "host=127.0.0.1" in result.output
        assert "geheim" not in result.output
        assert not file.exists()


class TestSqlite:
    """Copies of a file, without the database of the other tests."""

    @pytest.fixture
    def source(self, tmp_path: Path) -> Path:
        source = tmp_path / "source"
        with closing(sqlite3.connect(source)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("CREATE TABLE numbers (pk INTEGER PRIMARY KEY, text TEXT)")
            connection.executemany(
                "INSERT INTO numbers (text) VALUES (?)", [("x" * 1000,)] * 20_000
            )
            connection.commit()
        return source

    def test_has_nothing_of_a_change_that_was_made_meanwhile(
        self, source: Path, file: Path
    ) -> None:
        reports: list[tuple[int, int]] = []

        def change(left: int, total: int) -> None:
            reports.append((left, total))
            with closing(sqlite3.connect(source)) as writer:
                writer.execute("UPDATE numbers SET text = 'y' WHERE pk IN (1, 20000)")
                writer.commit()

        back_up_sqlite(source, file, change)

        assert len(reports) > 1
        assert reports[-1][0] == 0
        with closing(sqlite3.connect(file)) as connection:
            changed = connection.execute("SELECT count(*) FROM numbers WHERE text = 'y'")
            assert changed.fetchone() == (0,)

    @pytest.mark.parametrize("place", [0, 4096 * 30])
    def test_of_a_damaged_file_is_refused(
        self, waybill: Run, source: Path, file: Path, place: int
    ) -> None:
        with source.open("r+b") as damaged:
            damaged.seek(place)
            damaged.write(b"\xff" * 4096)

        result = waybill("backup", str(file), database_url=f"sqlite:///{source}")

        assert result.exit_code == 1
        assert result.output.startswith("Error: No backup was made: ")
        assert not file.exists()

    def test_of_dangling_rows_is_refused(self, waybill: Run, source: Path, file: Path) -> None:
        with closing(sqlite3.connect(source)) as connection:
            connection.execute("CREATE TABLE parts (of_pk INTEGER REFERENCES numbers (pk))")
            connection.execute("INSERT INTO parts VALUES (0)")
            connection.commit()

        result = waybill("backup", str(file), database_url=f"sqlite:///{source}")

        assert result.exit_code == 1
        assert "a row of parts refers to a missing row of numbers." in result.output

    def test_shows_its_progress(
        self, waybill: Run, source: Path, file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("handlers.cli.progress.EVERY_SECONDS", 0)

        assert " pages" in waybill("backup", str(file), database_url=f"sqlite:///{source}").output


class TestPostgres:
    def test_says_what_pg_dump_says(
        self, waybill: Run, tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        program = tmp_path / "bin" / "pg_dump"
        program.parent.mkdir()
        program.write_text("#!/bin/sh\necho 'aborting because of a mismatch' >&2; exit 1")
        program.chmod(0o700)
        monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")

        result = waybill("backup", str(file), database_url=MISSING)

        assert result.exit_code == 1
        assert result.output == "Error: No backup was made: aborting because of a mismatch.\n"
        assert not file.exists()

    def test_shows_no_password_in_the_list_of_processes(
        self, waybill: Run, tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        folder = tmp_path / "bin"
        folder.mkdir()
        (folder / "pg_dump").write_text(
            f'#!/bin/sh\necho "$@" > {tmp_path}/arguments; echo "$PGPASSWORD" > {tmp_path}/password'
        )
        (folder / "pg_restore").write_text("#!/bin/sh\n")
        for program in folder.iterdir():
            program.chmod(0o700)
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")

        assert waybill("backup", str(file), database_url=MISSING).exit_code == 0

        arguments = (tmp_path / "arguments").read_text()
        assert "dbname=missing" in arguments
        assert "geheim" not in arguments
        assert (tmp_path / "password").read_text() == "geheim\n"
