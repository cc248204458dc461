"""Write a study file for a model and data of your own: `python -m generality.new --help`.

The file is short, since workflow/resources/defaults.yaml has what it leaves out. It is checked before it is written.
"""

import argparse
from pathlib import Path

import yaml

from generality.config.study_file import check
from generality.errors import StudyError
from generality.runtime.cli import run
from generality.storage.files import whole_file

HEAD = """\
# {model} fine-tuned on {speciality}: what does it forget, and what helps?
#   snakemake --cores 2 -n --configfile {file}                            what would run
#   snakemake --cores 2 --configfile {file} --config evaluation_limit=20  a first look
#   snakemake --cores 2 --configfile {file}                               all; open reports/{name}/report.html
# Methods, their settings and the training are those of workflow/resources/defaults.yaml. Name `methods` and `train`
# under the experiment to choose your own (docs/reference.md).
study: {name}
seeds: [1]                         # one training of each setting; with [1, 2, 3] intervals are also over trainings
"""


def language_study(name: str, model: str, speciality: str, bundle: str) -> dict:
    """Return the sections of a study of a language model, a .jsonl file of its task, and a bundle of generality."""
    domain = {"files": {"all": speciality}, "shares": {"validation": 0.1, "test": 0.3}}
    return {
        "data": {"own": {"source": "text_records", "domains": {"task": domain}}},
        "models": {"base": {"source": "transformers", "name": model}},
        "experiments": {
            name: {"track": "language", "model": "base", "speciality": "own/task", "generality": {"bundle": bundle}}
        },
    }


def vision_study(name: str, model: str, speciality: str, size: int) -> dict:
    """Return the sections of a study of a CLIP, "<name>:<weights>", and a folder <root>/<domain>/<class>/<pictures>.

    The other domains of the root are the generality. Raise StudyError for a root without another domain.
    """
    architecture, _, weights = model.partition(":")
    folder = Path(speciality)
    others = sorted(
        one.name for one in folder.parent.iterdir() if one.is_dir() and one != folder and one.name[0] != "."
    )
    if not others:
        raise StudyError(f"{folder.parent}: no other folder beside '{folder.name}' to measure generality on; add one")
    own = {"source": "image_folder", "root": str(folder.parent), "size": size, "domains": [folder.name, *others]}
    return {
        "data": {"own": own | {"shares": {"validation": 0.1, "test": 0.3}}},
        "models": {"base": {"source": "open_clip", "name": architecture, "weights": weights}},
        "experiments": {
            name: {
                "track": "vision", "model": "base", "speciality": f"own/{folder.name}",
                "generality": {"ood": [f"own/{other}" for other in others]},
            }
        },
    }  # fmt: skip


def write_study(file: str | Path, *, name: str, model: str, speciality: str, bundle: str, size: int) -> None:
    """Write the study file. Raise StudyError if it is there already or if a value does not fit."""
    if Path(file).exists():
        raise StudyError(f"{file}: is there already; name another by --output, or delete it")
    if Path(speciality).is_dir():
        sections = vision_study(name, model, speciality, size)
    else:
        sections = language_study(name, model, speciality, bundle)
    sections["report"] = {"folder": f"reports/{name}"}
    try:
        check({"study": name, "seeds": [1], **{key: sections[key] for key in ("data", "models", "experiments")}})
    except StudyError as error:
        raise StudyError(f"{file}: not written, since {error}") from None
    head = HEAD.format(model=model, speciality=speciality, file=file, name=name)
    with whole_file(Path(file)) as partial:
        partial.write_text(head + yaml.safe_dump(sections, sort_keys=False, width=110), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m generality.new", description=__doc__.splitlines()[0])
    parser.add_argument(
        "--model", required=True, help="hub id or folder of a language model, or CLIP as <name>:<weights>"
    )
    parser.add_argument(
        "--speciality", required=True,
        help="what is fine-tuned on: a .jsonl file with prompt and response, or prompt, choices and answer; or, of "
        "pictures, a folder <root>/<domain> with a folder for each class",
    )  # fmt: skip
    parser.add_argument("--bundle", default="english-core", help="what a language model should keep; %(default)s")
    parser.add_argument("--size", type=int, default=224, help="width and height of pictures in pixels; %(default)s")
    parser.add_argument("--name", default="mine", help="name of the study; %(default)s")
    parser.add_argument("--output", help="file to write; default <name>.yaml")
    args = parser.parse_args()
    file = args.output or f"{args.name}.yaml"
    write_study(
        file, name=args.name, model=args.model, speciality=args.speciality, bundle=args.bundle, size=args.size
    )  # fmt: skip
    print(f"{file}: written; next: snakemake --cores 2 -n --configfile {file}")


if __name__ == "__main__":
    run(main)
