"""The user's own files that the jobs of a study read, by the keys of the study file that name them."""

import os
from collections.abc import Iterator, Mapping

from generality.data.pictures.folder_layout import folders_of, of_domain, paths_of
from generality.errors import StudyError
from generality.plan.downloads import class_table
from generality.runtime.local_files import is_local
from generality.storage.files import read_json

LOCAL_DIR = "local-dir:"  # open_clip's word before the folder of an architecture that it does not know by name
ADAPTER = "adapter_config.json"  # PEFT's file, which names the model that an adapter belongs to


def of_model(key: str, settings: Mapping, downloaded: bool) -> dict[str, str]:
    """Return the local paths that a released model is read from, by key; `key` is the model's.

    `downloaded` says that the study downloads the model, so that its name is a path although nothing is there yet.
    """
    match settings:
        case {"source": "open_clip", "name": name, "weights": weights}:
            folder = {f"{key}.name": name.removeprefix(LOCAL_DIR)} if name.startswith(LOCAL_DIR) else {}
            return folder | ({f"{key}.weights": weights} if weights.endswith(".safetensors") else {})
        case {"source": "transformers", "name": name} if downloaded or is_local(name):
            return {f"{key}.name": name} | _adapted(name)
    return {}


def _adapted(folder: str) -> dict[str, str]:
    """Return the local model that the PEFT adapter in `folder`, if there is one, belongs to."""
    file = os.path.join(folder, ADAPTER)
    try:
        base = read_json(file).get("base_model_name_or_path")
    except StudyError:  # no adapter, or a broken one, which whoever loads it says
        return {}
    return {f"{file}: base_model_name_or_path": base} if isinstance(base, str) and is_local(base) else {}


def of_records(key: str, settings: Mapping) -> dict[str, str]:
    """Return the local paths that a domain of the source "text_records" is read from, by key; `key` is the domain's."""
    hub = settings.get("hub", {"id": ""})["id"]
    named = {"files": settings.get("files", {}), "answers": settings.get("answers", {})}
    return dict(_flat(key, named)) | ({f"{key}.hub.id": hub} if hub and is_local(hub) else {})


def _flat(key: str, value: str | list | Mapping) -> Iterator[tuple[str, str]]:
    match value:
        case str():
            yield key, value
        case Mapping():
            for name, inner in value.items():
                yield from _flat(f"{key}.{name}", inner)
        case _:
            for index, inner in enumerate(value):
                yield from _flat(f"{key}[{index}]", inner)


def of_pictures(key: str, domain: str, settings: Mapping) -> tuple[dict[str, str], dict[str, str]]:
    """Return the folders of pictures and the other paths that a domain of an image folder is read from, by key.

    `key` is the domain's, `settings` are the data set's.
    """
    own = of_domain(settings, domain)
    folders = {
        f"{key} ({split})": f"{own['root'].rstrip('/')}/{path}" for split, path in folders_of(domain, own).items()
    }
    others = {f"{key} ({path})": path for path in paths_of(domain, own) if path not in folders.values()}
    tables = {f"{key}.class_names": class_table(own["class_names"])} if "class_names" in own else {}
    return folders, others | tables
