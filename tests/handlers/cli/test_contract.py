import json
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from handlers.cli.main import cli
from handlers.contract.document.bundle import load_contract
from handlers.contract.document.views import Document, client_document, full_document

CONTRACT = load_contract()


class TestBundle:
    @pytest.mark.parametrize(
        ("options", "expected"),
        [
            ([], client_document(CONTRACT)),
            (["--document", "client"], client_document(CONTRACT)),
            (["--document", "full"], full_document(CONTRACT)),
        ],
    )
    def test_writes_the_chosen_document(self, options: list[str], expected: Document) -> None:
        written = CliRunner().invoke(cli, ["contract", "bundle", *options])

        assert written.exit_code == 0
        assert yaml.safe_load(written.output) == expected

    def test_writes_json_into_a_file(self, tmp_path: Path) -> None:
        file = tmp_path / "openapi.json"
        options = ["--format", "json", "--output", str(file)]

        written = CliRunner().invoke(cli, ["contract", "bundle", *options])

        assert written.exit_code == 0
        assert json.loads(file.read_bytes()) == client_document(CONTRACT)

    def test_refuses_an_unknown_document(self) -> None:
        written = CliRunner().invoke(cli, ["contract", "bundle", "--document", "other"])

        assert written.exit_code == 2
        assert "other" in written.output
