import json
import os
import signal
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pytest

from handlers.cli import imports
from handlers.cli.ndjson import Line, read_lines
from tests.handlers.cli.conftest import Run
from tests.support.application import Clients, Shop
from tests.support.documents import line_document, old_order_document, order_document, user_document


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "orders.ndjson"


def write(file: Path, *documents: Any) -> None:
    """Write one line per document; a str is written unchanged."""
    lines = (
        document if isinstance(document, str) else json.dumps(document) for document in documents
    )
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def rejects(file: Path) -> list[dict[str, Any]]:
    path = file.with_name(f"{file.name}.rejects.ndjson")
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


class TestOrders:
    def test_are_written_to_a_private_file_if_rejected(self, waybill: Run, file: Path) -> None:
        before = os.umask(0)
        write(file, "{}")
        waybill("import", "orders", str(file))
        os.umask(before)

        path = file.with_name(f"{file.name}.rejects.ndjson")
        assert stat.S_IMODE(path.stat().st_mode) == 0o600

    @pytest.mark.parametrize(
        ("values", "pointer"),
        [
            ({"tracking_url": "javascript:alert(1)"}, "/tracking_url"),
            ({"e_archive_url": "data:text/html,x"}, "/e_archive_url"),
            ({"defined_tracking_url": "ftp://example.com/x"}, "/defined_tracking_url"),
            ({"items": [line_document(tracking_url="JavaScript:x")]}, "/items/0/tracking_url"),
            (
                {
                    "items": [
                        line_document(
                            product={"sku": "1", "name": "x", "absolute_url": "java\tscript:x"}
                        )
                    ]
                },
                "/items/0/product/absolute_url",
            ),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_have_only_links_to_web_pages(
        self, waybill: Run, file: Path, values: dict[str, Any], pointer: str
    ) -> None:
        write(file, order_document(**values))

        assert waybill("import", "orders", str(file)).exit_code == 1
        assert [row["pointer"] for row in rejects(file)] == [pointer]

    @pytest.mark.parametrize("url", ["https://track.example/1", "HTTP://track.example/1"])
    @pytest.mark.parametrize("path", ["", "/oda-spreyi/", "oda-spreyi", "https://shop.example/1"])
    def test_may_have_links_to_web_pages(
        self, waybill: Run, file: Path, url: str, path: str
    ) -> None:
        product = {"sku": "1", "name": "x", "absolute_url": path}
        write(file, order_document(tracking_url=url, items=[line_document(product=product)]))

        assert waybill("import", "orders", str(file)).exit_code == 0

    def test_are_served_to_their_shoppers(
        self, waybill: Run, file: Path, shop: Shop, clients: Clients
    ) -> None:
        user = shop.user(email="ayse@example.com")
        write(file, order_document(shipping_amount="9.90"))

        result = waybill("import", "orders", str(file))

        page = clients.new(shop.session(user)).get("/users/orders/").json()
        assert result.exit_code == 0
        assert "1 created, 0 updated, 0 unchanged, 0 rejected" in result.output
        assert [(row["number"], row["amount"]) for row in page["results"]] == [("1001", "109.90")]

    def test_change_nothing_the_second_time(self, waybill: Run, file: Path) -> None:
        write(file, order_document(), order_document(number="1002"))
        waybill("import", "orders", str(file))

        result = waybill("import", "orders", str(file))

        assert result.exit_code == 0
        assert "0 created, 0 updated, 2 unchanged, 0 rejected" in result.output

    def test_may_have_integers_with_a_zero_fraction(
        self, waybill: Run, file: Path, shop: Shop, clients: Clients
    ) -> None:
        """JSON Schema accepts 2.0 as an integer, and prices are multiplied by it."""
        user = shop.user(email="ayse@example.com")
        items = [line_document(line=1.0, quantity=2.0)]
        write(file, order_document(items=items, installment_count=3.0, basket=1e15))

        first = waybill("import", "orders", str(file))
        write(
            file,
            order_document(items=[line_document(quantity=2)], installment_count=3, basket=10**15),
        )
        again = waybill("import", "orders", str(file))

        assert "1 created, 0 updated, 0 unchanged, 0 rejected" in first.output
        assert "0 created, 0 updated, 1 unchanged, 0 rejected" in again.output
        [row] = clients.new(shop.session(user)).get("/users/orders/").json()["results"]
        assert (row["amount"], row["basket"]) == ("200.00", 10**15)
        assert '"quantity": 2,' in json.dumps(row["orderitem_set"])

    def test_with_one_number_are_stored_in_their_order(self, waybill: Run, file: Path) -> None:
        write(file, order_document(), "", order_document(notes="later"))

        result = waybill("import", "orders", str(file))

        assert "1 created, 1 updated, 0 unchanged, 0 rejected" in result.output

    def test_may_come_from_standard_input(
        self, waybill: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)

        result = waybill("import", "orders", "-", typed=json.dumps(order_document()) + "\n{}")

        assert result.exit_code == 1
        assert "1 created, 0 updated, 0 unchanged, 1 rejected" in result.output
        assert (tmp_path / "stdin.rejects.ndjson").exists()

    def test_fill_several_batches(
        self, waybill: Run, file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(imports, "BATCH_SIZE", 2)
        write(file, *(order_document(number=str(number)) for number in range(5)))

        assert "5 created" in waybill("import", "orders", str(file)).output


class TestRejects:
    def test_name_line_place_reason_and_text(self, waybill: Run, file: Path) -> None:
        bad = json.dumps(order_document(number="1002", state="lost"))
        write(file, order_document(), bad, '{"a": 1, "a": 2}')

        result = waybill("import", "orders", str(file))

        first, second = rejects(file)
        assert result.exit_code == 1
        assert f"2 rejected (see {file}.rejects.ndjson)" in result.output
        assert first == {
            "line": 2,
            "pointer": "/state",
            "code": "rejected_document",
            "message": "This is not a valid choice.",
            "text": bad,
            "is_whole": True,
        }
        assert (second["line"], second["pointer"]) == (3, "")

    def test_include_documents_that_the_database_refuses(self, waybill: Run, file: Path) -> None:
        foreign = order_document(user=user_document(email="mehmet@example.com"))
        write(file, order_document(), foreign)

        waybill("import", "orders", str(file))

        (row,) = rejects(file)
        assert (row["line"], row["pointer"]) == (2, "/number")

    def test_are_written_to_the_given_file(self, waybill: Run, file: Path, tmp_path: Path) -> None:
        write(file, "{}")

        waybill("import", "orders", str(file), "--rejects", str(tmp_path / "bad"))

        assert json.loads((tmp_path / "bad").read_text("utf-8"))["line"] == 1

    def test_of_an_earlier_run_are_removed(self, waybill: Run, file: Path) -> None:
        write(file, "{}")
        waybill("import", "orders", str(file))
        write(file, order_document())

        waybill("import", "orders", str(file))

        assert not file.with_name(f"{file.name}.rejects.ndjson").exists()

    def test_never_replace_the_file_itself(self, waybill: Run, file: Path) -> None:
        write(file, order_document())

        result = waybill("import", "orders", str(file), "--rejects", str(file))

        assert result.exit_code == 2
        assert json.loads(file.read_text("utf-8")) == order_document()


class TestInterruption:
    def test_ends_after_the_batch_is_stored(
        self, waybill: Run, file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def read_and_interrupt(stream: IO[bytes]) -> Iterator[Line]:
            for line in read_lines(stream):
                if line.number == 2:
                    signal.raise_signal(signal.SIGINT)
                yield line

        monkeypatch.setattr(imports, "read_lines", read_and_interrupt)
        write(file, *(order_document(number=str(number)) for number in range(4)))

        result = waybill("import", "orders", str(file))

        assert result.exit_code == 130
        assert "2 created" in result.output
        assert "Run it again to go on." in result.output
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


class TestOldOrders:
    def test_are_served_to_their_shoppers(
        self, waybill: Run, file: Path, shop: Shop, clients: Clients
    ) -> None:
        user = shop.user(email="ayse@example.com")
        write(file, old_order_document(), old_order_document(number="A 2"))

        result = waybill("import", "old-orders", str(file))

        page = clients.new(shop.session(user)).get("/users/old-orders/").json()
        assert result.exit_code == 1
        assert "1 created, 0 updated, 0 unchanged, 1 rejected" in result.output
        assert [row["number"] for row in page["results"]] == ["A1"]
