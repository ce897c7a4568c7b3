import pytest

from domain.users import User, UserType
from persistence.database import Database
from tests.handlers.cli.conftest import Run

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
    def test_says_what_is_wrong(
        self, waybill: Run, database: Database, arguments: tuple[str, ...], message: str
    ) -> None:
        result = waybill(*CREATE, *arguments)

        assert result.exit_code != 0
        assert message in result.output
        assert find(database) is None

    def test_refuses_an_email_that_is_taken(self, waybill: Run) -> None:
        waybill(*CREATE, "--password", "correct horse")

        result = waybill(*CREATE, "--password", "another horse")

        assert result.exit_code == 1
        assert result.output == ("Error: email: A user with this e-mail address already exists.\n")
