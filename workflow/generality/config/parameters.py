"""The parameters of a study file: values that its user gives in the command, where the file has their names in <>."""

import re
from collections.abc import Mapping

from generality.config.schema import validator

NAME = "[a-z][a-z0-9_]*"


def problem(config: object) -> tuple[str, str] | None:
    """Return the name of the first parameter that is not given, and what it is for, or None."""
    for name, declared in _declared(config).items():
        if name not in config and "default" not in declared:
            about = declared["about"]
            text = f"its value is missing; give it in the command, --config {name}=…"
            return f"parameters.{name}", f"{text}: {about if about.isprintable() else ascii(about)}"
    return None


def expand(config: object) -> object:
    """Return a configuration with the values of its parameters in place of <name>; there is no `problem`.

    A text that is nothing but <name> becomes the value as it is, and one with more around it holds the value's text.
    """
    declared = _declared(config)
    if not declared:
        return config
    values = {name: config.get(name, keys.get("default")) for name, keys in declared.items()}
    return _filled({key: value for key, value in config.items() if key not in ("parameters", *declared)}, values)


def _declared(config: object) -> dict[str, Mapping]:
    """Return the parameters, each with `about` and perhaps `default`; none where the schema will say what is wrong."""
    held = config.get("parameters", {}) if isinstance(config, Mapping) else {}
    if not validator().evolve(schema=validator().schema["properties"]["parameters"]).is_valid(held):
        return {}
    return {name: {"about": keys} if isinstance(keys, str) else keys for name, keys in held.items()}


def _filled(value: object, values: Mapping[str, object]) -> object:
    match value:
        case str():
            whole = re.fullmatch(f"<({NAME})>", value)
            if whole and whole[1] in values:
                return values[whole[1]]
            return re.sub(f"<({NAME})>", lambda found: str(values.get(found[1], found[0])), value)
        case Mapping():
            return {_filled(key, values): _filled(inner, values) for key, inner in value.items()}
        case list():
            return [_filled(inner, values) for inner in value]
    return value
