"""Short notations for the tables of words that a world is made of."""


def words(text: str) -> list[str]:
    """The words of a text."""
    return text.split()


def phrases(text: str) -> list[str]:
    """The parts of a text between commas."""
    return text.split(",")


def table(parts: list[str]) -> dict[str, str]:
    """{"a": "b"} for each part "a:b"."""
    return dict(part.split(":") for part in parts)
