"""The plan of scoring: each job scores a model, mixtures of two, or a series of checkpoints into one file."""

from typing import NamedTuple

import generality.plan.early_stopping as early
from generality import SPECIALITY
from generality.methods import PRETRAINED, REFERENCE, Given, PostHoc, declaration, module_of
from generality.plan.study import Study
from generality.storage.seed import RELEASED, start
from generality.storage.setting import DEFAULT


class Scored(NamedTuple):
    """The models of one job. `values` and the table `shares` are those of the post-hoc method `mix`.

    `series` is of a tuning. `start` is the model that drift is measured from, on the speciality's validation split.
    """

    method: str
    setting: str
    model: str
    finetuned: tuple[str, ...] = ()
    mix: str = ""
    values: tuple[float, ...] = ()
    shares: str = ""
    series: str = ""
    start: str = ""


def scored(study: Study, experiment: str, run: str, file: str, seed: str) -> Scored:
    """Return what is scored into results/<study>/<experiment>/<run>/seed-<seed>/<file>.parquet."""
    method, _, setting = run.partition("/")
    if method == PRETRAINED:
        model = study.start_path(experiment, seed)
        return Scored(method, setting, model, start=model)
    mixed = study.mixtures[experiment].get(run)
    origin = study.start_path(experiment, seed if seed in study.starts(experiment) else start(seed))
    if file == "series":
        series = study.run_path(experiment, REFERENCE, setting, seed).removesuffix("model") + "series"
        return Scored(setting, DEFAULT, origin, series=series)
    if mixed:
        finetuned = study.mixed_models(experiment, mixed, seed)
        shares = f"{study.root}/{experiment}/{run}/seed-{seed}/shares.csv" if declaration(mixed.method).search else ""
        return Scored(
            mixed.name, mixed.setting, origin, finetuned, mixed.method, mixed.values, shares=shares, start=origin
        )
    return Scored(method, setting, study.run_path(experiment, method, setting, seed), start=origin)


def modules(study: Study, experiment: str, run: str) -> list[str]:
    """Return the module of the post-hoc method of a run, in a list; an empty one for a run without."""
    return [module_of(mixed.method)] if (mixed := study.mixtures[experiment].get(run)) else []


def sets(study: Study, experiment: str, file: str) -> dict[tuple[str, str], str]:
    """Return the data-set folders that a file holds scores on, by ("set/domain", split)."""
    return early.scored_sets(study, experiment) if file == "series" else study.evaluation_sets(experiment)


def inputs(study: Study, experiment: str, run: str, file: str, seed: str) -> dict[str, str | list[str]]:
    """Return the paths that a scoring reads, by name."""
    job = scored(study, experiment, run, file, seed)
    folders = {"model": job.model, "finetuned": list(job.finetuned), "shares": job.shares, "series": job.series}
    folders["start"] = job.start if job.start != job.model else ""
    folders["checked"] = checked(study, experiment, run, seed)
    data = {"sets": list(sets(study, experiment, file).values())}
    return {name: path for name, path in folders.items() if path} | data


def checked(study: Study, experiment: str, run: str, seed: str) -> str:
    """Return the note that a model that was fine-tuned elsewhere belongs to its base, for a run of one; else ""."""
    mixed = study.mixtures[experiment].get(run)
    method = mixed.base if mixed else run.partition("/")[0]
    given = method in study.methods(experiment, Given)
    return f"{study.root}/{experiment}/{method}/{DEFAULT}/seed-{start(seed)}/tuned.checked" if given else ""


def judged(study: Study) -> list[str]:
    """Return the folders of the repaired models: of each one tuned elsewhere in the report's verdict, if it has any."""
    shown = study.config["report"].get("verdict", {}).get("experiments", ())
    pairs = [(name, method) for name in shown for method in study.methods(name, Given)]
    return [f"{study.root}/{name}/{method}/repaired/seed-{RELEASED}/model" for name, method in pairs]


def repaired(study: Study, experiment: str, tuned: str) -> dict[str, str | list[str]]:
    """Return the paths that a repaired model is made of, by name."""
    folders = {"pretrained": study.start_path(experiment, RELEASED)}
    folders["finetuned"] = study.run_path(experiment, tuned, DEFAULT, RELEASED)
    tables = [text.partition("=")[2] for text in searched_shares(study, experiment, tuned)]
    return folders | ({"shares": tables} if tables else {})


def repairing(study: Study) -> list[str]:
    """Return the modules of the post-hoc methods that may make a repaired model."""
    return sorted({module_of(name) for one in study.config["experiments"] for name in study.methods(one, PostHoc)})


def searched_shares(study: Study, experiment: str, tuned: str) -> list[str]:
    """Return the tables of shares that post-hoc methods searched for a tuned model, as "method=table"."""
    mixtures = study.mixtures[experiment].items()
    jobs = [
        (one.method, scored(study, experiment, run, "scores", RELEASED)) for run, one in mixtures if one.base == tuned
    ]
    return [f"{method}={job.shares}" for method, job in jobs if job.shares]


def model_names(study: Study, experiment: str, tuned: str) -> list[str]:
    """Return what the base and a tuned model are called, for a model card: where they come from."""
    settings, models = study.experiment(experiment), study.config["models"]
    entries = (models[settings["model"]], models[settings["methods"][tuned]["model"]])
    return [" ".join(filter(None, (entry["name"], entry.get("weights")))) for entry in entries]


def mixed(study: Study, experiment: str, run: str, seed: str) -> dict[str, str | list[str]]:
    """Return the model folders that a mixture is made of, by name."""
    job = scored(study, experiment, run, "scores", seed)
    folders = {"pretrained": job.model, "finetuned": list(job.finetuned)}
    return folders | ({"shares": job.shares} if job.shares else {})


def search(study: Study, experiment: str, run: str, seed: str) -> list[str]:
    """Return the command-line arguments of a search of shares, all but its output."""
    mixed, (model, finetuned, data) = study.mixtures[experiment][run], searched(study, experiment, run, seed)
    settings = study.experiment(experiment)["methods"][mixed.method]
    words = ["--model", model, "--finetuned", finetuned, "--data", data, "--mix", mixed.method]
    words += ["--values", *(f"{value:g}" for value in mixed.values)]
    return [*words, "--candidates", str(settings["candidates"]), *study.limit()]


def searching(study: Study, track: str) -> set[str]:
    """Return the runs of a track's post-hoc methods that search shares."""
    mixtures = [pair for name in study.experiments(track) for pair in study.mixtures[name].items()]
    return {run for run, mixed in mixtures if declaration(mixed.method).search}


def searched(study: Study, experiment: str, run: str, seed: str) -> list[str]:
    """Return the inputs of a search: both model folders, and the speciality's validation split."""
    job = scored(study, experiment, run, "scores", seed)
    return [job.model, *job.finetuned, study.data_path(study.experiment(experiment)[SPECIALITY], "validation")]


def arguments(study: Study, experiment: str, run: str, file: str, seed: str) -> list[str]:
    """Return the command-line arguments of a scoring, all but its output."""
    job = scored(study, experiment, run, file, seed)
    words = ["--model", job.model, "--method", job.method, "--setting", job.setting, "--seed", seed]
    if job.mix:
        words += ["--finetuned", *job.finetuned, "--mix", job.mix]
        words += ["--values", *(f"{value:g}" for value in job.values)] if job.values else []
        words += ["--shares", job.shares] if job.shares else []
    if job.series:
        words += ["--series", job.series]
    if job.start:
        words += ["--drift", f"{study.experiment(experiment)['speciality']}={job.start}"]
    generated = [] if job.series else study.generate(experiment)  # checkpoints generate nothing: it takes longest
    words += ["--generate", *generated] if generated else []
    return [*words, "--sets", *study.set_arguments(sets(study, experiment, file)), *study.limit()]
