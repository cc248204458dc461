"""A world of simple rendered objects in several styles: the embedded study's pictures, drawn from a seed.

The names stand here, free of NumPy, because every process of the workflow checks the configuration by them.
"""

from generality.errors import StudyError

FAMILIES = {
    "domainnet": ("real", "clipart", "infograph", "painting", "quickdraw", "sketch"),
    "imagenet": ("in", "v2", "r", "a", "sketch", "objectnet"),
    "web": ("all",),
}


def domains(family: str) -> list[str]:
    """The domains of a family ("domainnet", "imagenet" or "web"); StudyError for another one."""
    if family not in FAMILIES:
        raise StudyError(f"family: '{family}' is not in the picture world; choose one of {', '.join(FAMILIES)}")
    return list(FAMILIES[family])
