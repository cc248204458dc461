"""A world of simple rendered objects in several styles: the embedded study's pictures, drawn from a seed.

This module holds the names without importing NumPy, because every process of the workflow checks the configuration
by them.
"""

from generality.errors import StudyError

FAMILIES = {
    "domainnet": ("real", "clipart", "infograph", "painting", "quickdraw", "sketch"),
    "imagenet": ("in", "v2", "r", "a", "sketch", "objectnet"),
    "web": ("all",),
}


def domains(family: str) -> list[str]:
    """Return the domains of a family: "domainnet", "imagenet" or "web". Raise StudyError for another name."""
    if family not in FAMILIES:
        raise StudyError(f"family: '{family}' is not in the picture world; choose one of {', '.join(FAMILIES)}")
    return list(FAMILIES[family])
