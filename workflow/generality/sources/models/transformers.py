"""Released causal language models."""

import os
from collections.abc import Callable, Iterable, Mapping

from generality.errors import StudyError
from generality.runtime.local_files import is_local
from generality.sources.base import ModelSource
from generality.sources.keys import ref
from generality.storage.files import read_json

ADAPTER_CONFIG = "adapter_config.json"  # PEFT's file, which names the model that an adapter belongs to


class Source(ModelSource):
    """A released causal language model that transformers loads, without code of its own."""

    track = "language"
    order = 2
    maker = "generality.language.causal_lm:fetch_causal_lm"
    required = ("name",)
    keys = {
        "name": ref(
            "line",
            "A hub id, such as facebook/galactica-1.3b, or a local folder; its path begins with ./ where neither it "
            "nor its parent is there yet.",
        ),
        "revision": ref("commit", "Commit of the hub's repository, so that a later change there changes nothing here."),
        "base": ref(
            "line",
            "The model that a PEFT adapter is merged into, a hub id or local folder. Default the one that the adapter "
            "names. Whole weights need none.",
        ),
        "base_revision": ref("commit", "Commit of `base` on the hub."),
        "gguf": ref(
            "line",
            "A .gguf file of the hub's repository or folder, which holds weights, configuration and tokenizer. "
            "Quantized weights are taken as the floats that they stand for, which are not those of the release.",
        ),
    }

    def files(self, path: str, settings: Mapping, is_download: Callable[[str], bool]) -> dict[str, str]:
        name = settings["name"]
        base, local = settings.get("base", ""), is_download(name) or is_local(name)
        if base:
            adapted = {f"{path}.base": base} if is_download(base) or is_local(base) else {}
        else:
            adapted = _adapted(name) if local else {}
        return ({f"{path}.name": name} if local else {}) | adapted

    def notes(self, path: str, settings: Mapping, files: Mapping[str, str]) -> Iterable[str]:
        if "revision" not in settings and not files:
            yield (
                f"{path}.name: there is no folder '{settings['name']}', so it is the hub's newest model of that name; "
                "give its `revision`, or begin the path of a folder with ./"
            )

    def remark(self, settings: Mapping) -> str:
        if "gguf" not in settings:
            return ""
        return (
            f"The weights are from {settings['gguf']}: where that file is quantized, they are the floats that its "
            "numbers stand for, not the released ones."
        )

    def arguments(self, settings: Mapping, data: Mapping[str, str]) -> dict:
        return {key: settings[key] for key in self.keys if key in settings}


def _adapted(folder: str) -> dict[str, str]:
    """Return the local model that the PEFT adapter in `folder`, if there is one, belongs to."""
    file = os.path.join(folder, ADAPTER_CONFIG)
    try:
        base = read_json(file).get("base_model_name_or_path")
    except StudyError:  # no adapter, or a broken one, which its loading reports
        return {}
    return {f"{file}: base_model_name_or_path": base} if isinstance(base, str) and is_local(base) else {}
