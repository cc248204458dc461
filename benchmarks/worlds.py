"""Measure the speed of rendering the picture world and of writing the text world, against limits.

Each turn calls the functions that make the data sets of both worlds (`make.py`) for every domain and split of the
embedded study's families, at the counts of config.yaml, or at all that a split has if that is less. Wall time on one
core counts, with a stage's whole work (drawing, writing, flushing, checksums) but without its imports. A stage is a
process of its own, so each set of texts pays for its world's knowledge anew.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from shutil import rmtree
from time import perf_counter
from typing import NamedTuple

from benchmarks.pairs import Context, Row, alternate
from generality.config.names import domains
from generality.config.study_file import load
from generality.data.picture_world.world import render
from generality.data.text_set import open_text_set, pair
from generality.data.text_world.world import available, write_texts
from generality.data.text_world.worlds import world
from generality.plan.study import Study

CONFIG = Path(__file__).parents[1] / "config.yaml"
FEWEST = 48  # pictures; with fewer, a class of the web would have none


class Made(NamedTuple):
    """One set that a turn makes."""

    domain: str
    amount: float  # pictures, or MB of text
    make: Callable[[], None]


def rows(context: Context) -> list[Row]:
    study = Study(load(CONFIG))
    pictures, texts = list(_pictures(study, context)), list(_texts(study, context))
    return [
        _row("render the picture world", pictures, "pictures", "≥ 2000", context),
        _row("write the text world", texts, "MB", "≥ 1", context),
    ]


def _row(work: str, sets: list[Made], unit: str, target: str, context: Context) -> Row:
    amounts, seconds = Counter(), Counter()
    for one in sets:
        amounts[one.domain] += one.amount

    def turn() -> float:
        total = 0.0
        for one in sets:
            begun = perf_counter()
            one.make()
            took = perf_counter() - begun
            seconds[one.domain] += took
            total += took
            rmtree(context.folder / "set")
        return total

    turns = alternate({work: turn}, context.rounds)[work]
    speeds = {domain: (context.rounds + 1) * amounts[domain] / seconds[domain] for domain in amounts}  # first turn, too
    slowest = min(speeds, key=speeds.get)
    total = sum(amounts.values())
    return Row(
        work=f"{work}: {total:,.0f} {unit} in {len(sets)} sets of {len(amounts)} domains",
        unit=f"{unit}/s",
        values=[total / took for took in turns],
        peer="a limit",
        target=target,
        note=f"the slowest domain, {slowest}, at {speeds[slowest]:.3g} {unit}/s",
    )


def _sets(study: Study, source: str, tiny: bool) -> Iterator[tuple[str, dict]]:
    """Yield the name and the stage's options of each set of a source; with `tiny`, of one split of each domain."""
    for name in study.sets(source):
        settings = study.data_settings(name)
        splits = [*settings["counts"]]
        for split in splits[-1:] if tiny else splits:
            for domain in domains(settings):
                yield f"{name}/{domain}", study.making(name, domain, split)


def _pictures(study: Study, context: Context) -> Iterator[Made]:
    for domain, options in _sets(study, "picture_world", context.tiny):
        if context.tiny:
            options["count"] = FEWEST
        yield Made(domain, options["count"], partial(render, context.folder / "set", **options))


def _texts(study: Study, context: Context) -> Iterator[Made]:
    for domain, options in _sets(study, "text_world", context.tiny):
        most = available(options["family"], options["domain"], options["split"], options["seed"])
        options["count"] = min(options["count"], most or options["count"], 10 if context.tiny else 10**9)
        make = partial(_write, context.folder / "set", options)
        make()
        written = open_text_set(context.folder / "set")
        rmtree(context.folder / "set")
        yield Made(domain, sum(_bytes(written.form, example) for example in written.examples) / 1e6, make)


def _write(folder: Path, options: dict) -> None:
    world.cache_clear()
    write_texts(folder, **options)


def _bytes(form: str, example: dict) -> int:
    """Return the bytes of an example's texts: the prompt and all that may follow it, without ids and field names."""
    texts = [example["prompt"], *example["choices"]] if form == "choice" else pair(form, example)
    return sum(len(text.encode()) for text in texts)
