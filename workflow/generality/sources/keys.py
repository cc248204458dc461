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


def by_split(description: str, kind: dict, things: str, *, everything: bool = False) -> dict:
    """Return a key that is a mapping from splits, and with `everything` from `all`, to `things`, each of a `kind`."""
    uses = {"all": "Everything."} if everything else {}
    uses |= {"train": f"{things} to train on."} | _uses(things)
    return block(description, {split: kind | {"description": use} for split, use in uses.items()}, minProperties=1)


def shares(description: str) -> dict:
    """Return a key that is a mapping from the splits that are cut from others to their shares."""
    return block(description, {split: ref("share", use) for split, use in _uses("Share").items()})


def _uses(things: str) -> dict[str, str]:
    test = f"{things} to measure the reported numbers on."
    return {"validation": f"{things} to choose settings by, for no reported number.", "test": test}


def training(batch: dict, *, block_size: dict | None = None, **more: dict) -> dict:
    """Return the key `train` of a source that pre-trains models; each of its keys has to be given, but for defaults."""
    keys = {
        "steps": ref("count", "Optimiser steps; each sees one batch."),
        "batch_size": batch,
        **({"block_size": block_size} if block_size else {}),
        "muon_lr": ref("learning_rate", "Muon's peak learning rate; for the hidden matrices."),
        "adamw_lr": ref("learning_rate", "AdamW's peak learning rate; for all other weights."),
        "weight_decay": ref("weight_decay"),
        "clip_norm": ref("clip_norm"),
        **more,
    }
    required = [key for key, kind in keys.items() if "default" not in kind]
    return block("Settings of pre-training; the learning rates follow a cosine to 0.", keys, required=required)
