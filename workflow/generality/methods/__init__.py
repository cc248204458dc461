"""Fine-tuning methods, each in the file of its name, so that a training depends on the code of its own method alone."""


def module_of(method: str) -> str:
    """The module of a method, by the name that the config uses; `full`, which adds nothing, is in `base`."""
    return f"{__name__}.{method}"
