"""The versions of installed packages."""

from collections.abc import Iterable
from contextlib import suppress
from importlib import metadata


def versions(packages: Iterable[str]) -> dict[str, str]:
    """Return the version of each package by its name, without packages that are not installed."""
    numbers = {}
    for name in packages:
        with suppress(metadata.PackageNotFoundError):
            numbers[name] = metadata.version(name)
    return numbers
