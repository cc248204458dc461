"""Read the short notations of a world's tables of words."""


def words(text: str) -> list[str]:
    """Return the words of a text."""
    return text.split()


def phrases(text: str) -> list[str]:
    """Return the parts of a text between commas."""
    return text.split(",")


def table(parts: list[str]) -> dict[str, str]:
    """Return {"a": "b", …} for parts "a:b"."""
    return dict(part.split(":") for part in parts)
