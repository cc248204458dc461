"""The repaired model: one between a base and a model that was tuned elsewhere, with a card that says what it is."""

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from generality.errors import StudyError
from generality.methods import load
from generality.storage.files import read_json, whole_file, whole_folder
from generality.storage.mixtures import write_mixture
from generality.storage.setting import read

CARD = "README.md"  # the hub's name of a model card


def write_repaired(
    folder: str | Path,
    *,
    verdict: str | Path,
    experiment: str,
    tuned: str,
    pretrained: str | Path,
    finetuned: str | Path,
    names: Mapping[str, str],
    shares: Callable[[str, str], Sequence[float] | None],
    depths: Callable[[str | Path], Mapping[str, float]],
) -> None:
    """Write the model that `report.audit` chose for `tuned`, as a folder like the tuned one's, with a model card.

    `verdict` is the JSON of the verdicts. `pretrained` and `finetuned` are model folders; `names` has what the two are
    called for readers, `base` and `tuned`. `shares` returns those of blocks that a method found for a setting, None for
    a method that searches none, and `depths` those of a folder's entries. Raise StudyError where the verdict has none.
    """
    content = read_json(verdict, "verdicts", "kept")
    found = [one for one in content["verdicts"] if (one["experiment"], one["model"]) == (experiment, tuned)]
    if not found:
        raise StudyError(f"{verdict}: nothing on '{tuned}' of the experiment {experiment}; run the stage again")
    method, setting = found[0]["repair"]["repaired"].values()
    if not method:  # nothing in between is better than the tuned model itself
        with whole_folder(folder) as partial:
            shutil.copytree(finetuned, partial, dirs_exist_ok=True)
        made = "no change"
    else:
        mix, values = load(method.partition("-")[0]), read(setting)
        write_mixture(
            folder, method=mix, pretrained=pretrained, finetuned=[finetuned], values=values,
            shares=shares(method.partition("-")[0], setting), depths=depths(pretrained) if mix.layered else None,
        )  # fmt: skip
        made = f"{mix.label} with {', '.join(f'{key} = {value:g}' for key, value in values.items())}"
    with whole_file(Path(folder) / CARD) as partial:
        partial.write_text(card(found[0], names, made, content["kept"]), encoding="utf-8")


def card(verdict: Mapping, names: Mapping[str, str], made: str, kept: float) -> str:
    """Return a model card in the hub's form: metadata in YAML, then how the model was made and what it keeps.

    `kept` is the share of the best gain that it had to keep.
    """
    base = json.dumps(names["base"], ensure_ascii=False)  # a path may hold what YAML would read otherwise
    head = ["---", f"base_model: {base}", "library_name: generality", "tags: [weight-interpolation]", "---"]
    mend = f"It was made of {names['base']} and {names['tuned']} by {made}."
    lines = [
        *head, f"# {verdict['model']}, repaired", "",
        f"{mend} Of all models tried that have {100 * kept:g} % of the best gain on validation examples of "
        f"{verdict['speciality']}, it has the least KL divergence from the base there.", "",
        f"The tuned model: {verdict['verdict']}. Changes against the base on test examples, in points (hundredths), ± "
        "half of a 95 % interval over examples:", "",
        "| | tuned | repaired |", "| --- | ---: | ---: |",
    ]  # fmt: skip
    lines += [f"| {area['area']} | {_change(area)} | {_change(area['repaired'])} |" for area in verdict["areas"]]
    return "\n".join([*lines, ""])


def _change(area: Mapping[str, float]) -> str:
    return f"{area['change']:+.1f} ± {area['high'] - area['change']:.1f}"
