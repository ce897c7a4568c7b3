"""Texts of others, made fit to stand in a line of ours."""


def one_line(text: str) -> str:
    """The text without what would end the line or command whoever shows it.

    Line ends would begin headers of a letter, escape sequences would move a terminal's cursor,
    and marks of direction would turn the rest of a line around; each becomes a space.
    """
    shown = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(shown.split())
