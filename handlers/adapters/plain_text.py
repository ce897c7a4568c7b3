"""Makes untrusted text safe to show in one line."""


def one_line(text: str) -> str:
    """The text on one line: control characters become spaces, and runs of spaces one space.

    Line ends could start headers of an e-mail, escape sequences could control a terminal, and
    bidirectional marks could reverse the rest of a line.
    """
    printable = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(printable.split())
