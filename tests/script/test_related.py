"""Names select their tests; a name without tests is an error."""

from pathlib import Path

import pytest

from script.related import ROOT, UnknownName, main, related_tests

FILES = (
    "domain/money.py",
    "domain/untested.py",
    "domain/orders/order.py",
    "handlers/mail/postman.py",
    "persistence/sql.py",
    "persistence/deep/er/untested.py",
    "docs/api.md",
    "README.md",
    "tests/conftest.py",
    "tests/builders.py",
    "tests/contract/world.py",
    "tests/contract/test_views.py",
    "tests/domain/test_money.py",
    "tests/domain/orders/test_order.py",
    "tests/handlers/mail/test_postman.py",
    "tests/persistence/test_sql.py",
    "tests/persistence/sql/test_saving.py",
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in FILES:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    return tmp_path


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("domain", ["tests/domain"]),
        ("domain/", ["tests/domain"]),
        ("./domain/orders", ["tests/domain/orders"]),
        ("domain/money.py", ["tests/domain/test_money.py"]),
        ("domain/orders/order.py", ["tests/domain/orders/test_order.py"]),
        ("handlers/mail", ["tests/handlers/mail"]),
        ("handlers/mail/postman.py", ["tests/handlers/mail/test_postman.py"]),
        # A module with a folder of tests, and a file beside it.
        ("persistence/sql.py", ["tests/persistence/sql", "tests/persistence/test_sql.py"]),
        # A file without tests has those of its folder.
        ("domain/untested.py", ["tests/domain"]),
        ("persistence/deep/er/untested.py", ["tests/persistence"]),
        # Tests themselves.
        ("tests", ["tests"]),
        (".", ["tests"]),
        ("tests/contract", ["tests/contract"]),
        ("contract", ["tests/contract"]),
        ("tests/domain/test_money.py", ["tests/domain/test_money.py"]),
        ("tests/domain/test_money.py::test_adds", ["tests/domain/test_money.py::test_adds"]),
        ("tests/contract/world.py", ["tests/contract"]),
        ("tests/builders.py", ["tests"]),
    ],
)
def test_a_name_selects_its_tests(root: Path, name: str, expected: list[str]) -> None:
    assert related_tests(name, root) == expected


def test_a_name_may_be_an_absolute_path(root: Path) -> None:
    assert related_tests(str(root / "domain/money.py"), root) == ["tests/domain/test_money.py"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("domian", "domian is no file or folder of this checkout."),
        ("domain/monye.py", "domain/monye.py is no file or folder of this checkout."),
        ("/", "/ is no file or folder of this checkout."),
        ("docs/api.md", "No tests belong to docs/api.md: tests/ has nothing of that name."),
        ("README.md", "No tests belong to README.md: tests/ has nothing of that name."),
    ],
)
def test_an_unknown_name_is_an_error(root: Path, name: str, message: str) -> None:
    with pytest.raises(UnknownName) as raised:
        related_tests(name, root)

    assert str(raised.value) == message


def test_runs_the_tests_with_the_options(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[list[str]] = []

    def run(arguments: list[str]) -> int:
        ran.append(arguments)
        return 1

    monkeypatch.setattr(pytest, "main", run)

    exit_code = main(["domain", "handlers/mail", "-k", "money"])

    assert exit_code == 1
    assert ran == [["--quiet", "-k", "money", "tests/domain", "tests/handlers/mail"]]


def test_runs_nothing_if_a_name_is_unknown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delattr(pytest, "main")

    assert main(["domain", "domian"]) == 2
    assert capsys.readouterr().err == "domian is no file or folder of this checkout.\n"


def test_every_room_has_tests() -> None:
    rooms = ("domain", "handlers", "persistence")

    assert [related_tests(room, ROOT) for room in rooms] == [[f"tests/{room}"] for room in rooms]
