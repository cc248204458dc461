"""Keys of a study file as JSON schema, for the declarations of sources."""

NOT_BLANK = {"title": "a text that is not blank", "pattern": r"\S"}


def ref(name: str, description: str = "", **more: object) -> dict:
    """Return a key of the kind `name`, one of `$defs` in config.schema.yaml, perhaps with a description of its own."""
    return {"$ref": f"#/$defs/{name}"} | ({"description": description} if description else {}) | more


def flag(description: str) -> dict:
    """Return a key that is true or false."""
    return {"description": description, "type": "boolean"}


def choice(description: str, *values: str) -> dict:
    """Return a key that is one of `values`."""
    return {"description": description, "enum": [*values]}


def listing(description: str, items: dict, **more: object) -> dict:
    """Return a key that is a list, not empty, of different items."""
    return {"description": description, "type": "array", "minItems": 1, "uniqueItems": True, "items": items} | more


def mapping(description: str, names: dict, values: dict) -> dict:
    """Return a key that is a mapping, not empty, whose keys are names of the user's choice."""
    kind = {"description": description, "type": "object", "minProperties": 1}
    return kind | {"propertyNames": names, "additionalProperties": values}


def block(description: str, keys: dict[str, dict], **more: object) -> dict:
    """Return a key that is a mapping of `keys` and no others."""
    return {"description": description, "type": "object", "additionalProperties": False, "properties": keys} | more


def by_split(kind: dict, things: str, *, everything: bool = False, train: bool = True) -> dict[str, dict]:
    """Return a key of `kind` for each split, and with `everything` for `all`, that says what its `things` are for."""
    uses = {"all": "Everything."} if everything else {}
    uses |= {"train": f"{things} to train on."} if train else {}
    uses |= {"validation": f"{things} to choose settings by, for no reported number."}
    uses |= {"test": f"{things} that the reported numbers are measured on."}
    return {split: kind | {"description": use} for split, use in uses.items()}
