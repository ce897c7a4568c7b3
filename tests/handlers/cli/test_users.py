import pytest
from starlette.testclient import TestClient

from domain.accounts.sessions import id_hash
from domain.accounts.users import User, UserType
from domain.outbox import OutboxKind
from domain.shared.paging import PageRequest
from handlers.auth.passwords import Argon2Passwords
from handlers.settings import Settings
from persistence.database import Database
from tests.handlers.cli.conftest import Run
from tests.support.application import Shop

CREATE = ("users", "create", "--email", "ayse@example.com")


def find(database: Database, user_type: UserType = UserType.REGISTERED) -> User | None:
    with database.reading() as uow:
        return uow.users.by_email_key("ayse@example.com", user_type)


class TestCreate:
    def test_asks_twice_for_the_password_and_does_not_show_it(
        self, waybill: Run, database: Database
    ) -> None:
        result = waybill(*CREATE, typed="correct horse\ncorrect horse\n")

        user = find(database)
        assert result.exit_code == 0
        assert "correct horse" not in result.output
        assert user is not None
        assert f"User {user.pk} (registered): ayse@example.com" in result.output

    def test_takes_the_password_and_the_names_as_options(
        self, waybill: Run, database: Database
    ) -> None:
        result = waybill(
            *CREATE, "--password", "correct horse", "--first-name", "Ayşe", "--last-name", "Öz"
        )

        user = find(database)
        assert result.exit_code == 0
        assert user is not None
        assert (user.first_name, user.last_name) == ("Ayşe", "Öz")

    def test_creates_a_guest_without_a_password(self, waybill: Run, database: Database) -> None:
        result = waybill(*CREATE, "--guest")

        guest = find(database, UserType.GUEST)
        assert result.exit_code == 0
        assert guest is not None
        assert guest.password_hash is None

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (("--password", "short"), "Error: password: Must be at least 8 characters long."),
            (("--guest", "--password", "correct horse"), "Error: A guest has no password."),
            (("--guest", "--email", "ayse"), "Error: email: Enter a valid e-mail address."),
        ],
    )
    def test_reports_invalid_values(
        self, waybill: Run, database: Database, arguments: tuple[str, ...], message: str
    ) -> None:
        result = waybill(*CREATE, *arguments)

        assert result.exit_code != 0
        assert message in result.output
        assert find(database) is None

    def test_refuses_an_existing_email(self, waybill: Run) -> None:
        waybill(*CREATE, "--password", "correct horse")

        result = waybill(*CREATE, "--password", "another horse")

        assert result.exit_code == 1
        assert result.output == ("Error: email: A user with this e-mail address already exists.\n")


def password_is(database: Database, password: str) -> bool:
    user = find(database)
    assert user is not None
    return Argon2Passwords().verify(user.password_hash, password)


def is_open(database: Database, session: str) -> bool:
    with database.reading() as uow:
        owner = uow.sessions.owner(id_hash(session))
    return owner is not None and owner.is_active


@pytest.fixture
def account(shop: Shop) -> User:
    return shop.user(email="ayse@example.com", password_hash=None)


EMAIL = ("--email", "AYSE@example.com")


class TestSetPassword:
    def test_asks_twice_and_does_not_show_it(
        self, waybill: Run, database: Database, account: User
    ) -> None:
        result = waybill("users", "set-password", *EMAIL, typed="correct horse\ncorrect horse\n")

        assert result.exit_code == 0, result.output
        assert f"User {account.pk} has a new password" in result.output
        assert "correct horse" not in result.output
        assert password_is(database, "correct horse")

    @pytest.mark.parametrize("end", ["", "\n", "\r\n", "\nanother line\n"])
    def test_reads_a_line_of_standard_input(
        self, waybill: Run, database: Database, account: User, end: str
    ) -> None:
        typed = " correct horse " + end

        result = waybill("users", "set-password", "--stdin", *EMAIL, typed=typed)

        assert result.exit_code == 0, result.output
        assert password_is(database, " correct horse ")

    def test_ends_sessions_and_notifies_the_user(
        self, waybill: Run, database: Database, account: User, shop: Shop
    ) -> None:
        session = shop.session(account)

        waybill("users", "set-password", "--stdin", "--operator", "zoe", *EMAIL, typed="x" * 8)

        assert not is_open(database, session)
        with database.reading() as uow:
            [event] = uow.outbox.events(None, PageRequest())
            [entry] = uow.audit.entries(account.uuid)
        assert (event.kind, event.payload["email"]) == (
            OutboxKind.PASSWORD_CHANGED,
            "ayse@example.com",
        )
        assert (entry.actor, entry.note) == ("operator:zoe", "password set")

    @pytest.mark.parametrize(
        ("typed", "message"),
        [
            ("", "password: Must be at least 8 characters long."),
            ("short", "password: Must be at least 8 characters long."),
            ("x" * 1025, "password: Must be at most 1024 characters long."),
        ],
    )
    def test_refuses_an_invalid_length(
        self, waybill: Run, database: Database, account: User, typed: str, message: str
    ) -> None:
        result = waybill("users", "set-password", "--stdin", *EMAIL, typed=typed)

        assert (result.exit_code, result.output) == (1, f"Error: {message}\n")
        user = find(database)
        assert user is not None
        assert user.password_hash is None


class TestDeactivate:
    def test_ends_sessions_for_good(
        self, waybill: Run, database: Database, account: User, shop: Shop
    ) -> None:
        session = shop.session(account)

        result = waybill("users", "deactivate", "--operator", "zoe", *EMAIL)

        assert result.output == f"User {account.pk} is inactive, and has no session.\n"
        again = waybill("users", "activate", "--operator", "zoe", *EMAIL)
        assert again.output == f"User {account.pk} is active.\n"
        assert not is_open(database, session)
        with database.reading() as uow:
            trail = uow.audit.entries(account.uuid)
        assert [(entry.actor, entry.from_state, entry.to_state) for entry in trail] == [
            ("operator:zoe", "active", "inactive"),
            ("operator:zoe", "inactive", "active"),
        ]

    def test_of_an_inactive_user_changes_nothing(
        self, waybill: Run, database: Database, account: User
    ) -> None:
        for _ in range(2):
            assert waybill("users", "deactivate", *EMAIL).exit_code == 0

        with database.reading() as uow:
            assert len(uow.audit.entries(account.uuid)) == 1

    def test_finds_a_guest_by_an_option(
        self, waybill: Run, database: Database, account: User, shop: Shop
    ) -> None:
        guest = shop.user(email="ayse@example.com", user_type=UserType.GUEST)

        waybill("users", "deactivate", "--guest", *EMAIL)

        registered, guest_after = find(database), find(database, UserType.GUEST)
        assert registered is not None
        assert registered.is_active
        assert guest_after is not None
        assert (guest_after.pk, guest_after.is_active) == (guest.pk, False)


class TestEndSessions:
    def test_prints_the_number_of_sessions(
        self, waybill: Run, database: Database, account: User, shop: Shop
    ) -> None:
        session = shop.session(account)

        first, second = (waybill("users", "end-sessions", *EMAIL).output for _ in range(2))

        assert first == f"User {account.pk} had 1 session.\n"
        assert second == f"User {account.pk} had 0 sessions.\n"
        assert not is_open(database, session)


class TestHandover:
    def test_prints_a_link_that_opens_a_session(
        self, waybill: Run, account: User, client: TestClient, settings: Settings
    ) -> None:
        link, expires = waybill("users", "handover", *EMAIL).output.splitlines()

        assert link.startswith(settings.base_url)
        assert expires.startswith("Expires 20")
        response = client.get(link.removeprefix(settings.base_url))
        assert response.status_code == 303
        assert client.get("/users/orders/").status_code == 200

    def test_refuses_an_inactive_user(self, waybill: Run, account: User) -> None:
        waybill("users", "deactivate", *EMAIL)

        result = waybill("users", "handover", *EMAIL)

        message = "Error: There is no active user AYSE@example.com.\n"
        assert (result.exit_code, result.output) == (1, message)


@pytest.mark.parametrize(
    "command", ["set-password", "deactivate", "activate", "end-sessions", "handover"]
)
def test_commands_need_an_existing_user(waybill: Run, database: Database, command: str) -> None:
    arguments = ("users", command, *EMAIL)

    result = waybill(*arguments, typed="correct horse\ncorrect horse\n")

    assert result.exit_code == 1
    assert "Error: There is no " in result.output
