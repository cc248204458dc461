"""Make text sets of real texts, from files or from the Hugging Face hub, by the names of their records' fields."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import chain
from pathlib import Path

from generality.data.records.examples import TEMPLATES, Unusable, answered, named, prompt, unnamed
from generality.data.records.files import Record
from generality.data.records.origins import SPLITS, files_of, origin_of, records_of, sources_of, splits_of
from generality.data.records.tallies import files_in_words, prompts_in_words, records_in_words
from generality.data.shares import split_of
from generality.data.text_set import write_text_set
from generality.errors import StudyError


def read_records(folder: str | Path, *, name: str, split: str, settings: Mapping) -> None:
    """Write one split of one domain as the text set `folder`; `name` is the domain, such as "pubmedqa/pqa-labeled".

    `settings` are the domain's keys in a study file, which the source `text_records` describes: `files` or `hub` say
    where the records are, and the other keys what their fields mean.

    The manifest's `source` has the files with their checksums, or the settings of `hub`, and `counts`: records of the
    split that were `read`, `skipped` and `set_aside` for a later one of their cluster, examples whose prompt an earlier
    one has (`duplicate_prompts`) and examples whose prompt another split has too (`prompts_in_other_splits`). Standard
    error gets the same, with the ids of some of these examples and the files of a folder that were left out.

    Raises StudyError, naming the file and the line or record, for files, settings and records that do not fit, and
    leaves no folder. It also refuses a prompt that is the same in all examples while the records hold other sentences
    that differ.
    """
    if split not in (splits := splits_of(settings)):
        have = ", ".join(name for name in SPLITS if name in splits)
        raise StudyError(f"{name}: has {have}, but no '{split}'; name it in `files`, `hub` or `shares`")
    reading = _Reading(settings, split)
    files = [files_of(settings, source) for source in sources_of(settings)]
    for source in sources_of(settings):
        count = 0
        for record, line in records_of(settings, source):
            count += 1
            with _located(record):
                reading.take(source, record, line)
        if count != (expected := settings.get("counts", {}).get(source, count)):
            remedy = f"the copy is not whole, or of another version; get it anew, or correct `counts.{source}`"
            raise StudyError(f"{name}: {count:,} records in {source}, {expected:,} are expected; {remedy}")
    reading.finish()
    examples = list(reading.examples.values())
    if not examples:
        skipped = ", ".join(f"{number} {reason}" for reason, number in reading.skipped.items())
        raise StudyError(f"{name}: no example in {split} ({reading.read} read, {skipped}); change `files` or `shares`")
    if reading.differing and len({example["prompt"] for example in examples}) == 1:
        key, fields = TEMPLATES[settings["form"]][0], ", ".join(sorted(reading.differing))
        fault = f"is {examples[0]['prompt']!r:.80} in all {len(examples):,} examples"
        raise StudyError(f"{name}: its {key} {fault}; name a field that tells them apart in `{key}`: {fields}")
    again, elsewhere = _prompts_again(examples), reading.in_other_splits()
    counts = {
        "read": reading.read,
        "skipped": dict(reading.skipped),
        "duplicate_prompts": len(again),
        "prompts_in_other_splits": len(elsewhere),
    }
    if settings.get("one_per_cluster"):
        counts["set_aside"] = reading.set_aside
    about = {"kind": "text_records", "name": name, "split": split, **origin_of(settings)}
    about |= {key: settings[key] for key in ("shares", "licence") if key in settings} | {"counts": counts}
    write_text_set(folder, settings["form"], examples, about)
    lines = [records_in_words(reading.read, len(examples), reading.skipped | {"set aside": reading.set_aside})]
    if "files" in settings:
        lines.insert(0, files_in_words(*(list(chain(*paths)) for paths in zip(*files, strict=True))))
    lines += [prompts_in_words(again, "of them")] if again else []
    lines += [prompts_in_words(elsewhere, "split's")] if elsewhere else []
    for line in lines:
        print(f"{name} {split}: {line}", file=sys.stderr)


@dataclass
class _Reading:
    """One split while its records are read: the `examples` by id, and counts of the other records."""

    settings: Mapping
    split: str
    examples: dict[str, dict] = field(default_factory=dict)
    read: int = 0
    skipped: dict[str, int] = field(default_factory=lambda: {"unlabelled": 0, "faulty": 0})
    set_aside: int = 0
    differing: set[str] = field(default_factory=set)  # sentences that no setting names
    _first: dict[str, str] | None = None  # the first example's sentences that no setting names
    # The first place where a whole number was a choice's number, and the first where it was a choice's text.
    _ways: dict[str, str] = field(default_factory=dict)
    _last: dict[str, str] = field(default_factory=dict)  # the id of each cluster's last example
    # The unusable records since that example: a later one of the cluster may set them aside.
    _unusable: dict[str, list[tuple[Record, Unusable]]] = field(default_factory=dict)
    _elsewhere: dict[bytes, str] = field(default_factory=dict)

    def take(self, source: str, record: Record, line: str | None) -> None:
        """Make an example of a record; for one of another split, keep only a mark of its prompt."""
        names = named(self.settings, record)
        if (split := self._split_of(source, names)) != self.split:
            with suppress(Unusable):
                self._elsewhere.setdefault(_mark(prompt(self.settings, record.fields)), f"{split} {names['id']}")
            return
        self.read += 1
        try:
            example = names | answered(self.settings, record.fields, line)
        except Unusable as error:
            if self.settings.get("one_per_cluster"):
                self._unusable.setdefault(names["cluster"], []).append((record, error))
            else:
                self._skip(error)
            return
        if (way := example.pop("way", None)) and self._ways.setdefault(way, record.where) and len(self._ways) > 1:
            both = f"a number of a choice at {self._ways['number']}, and a choice's text at {self._ways['text']}"
            raise StudyError(f"an answer is {both}; say by `labels` what answers call the choices")
        if names["id"] in self.examples:
            raise StudyError(f"its id '{names['id']}' is an earlier one's too; name another field by `id`")
        if self.settings.get("one_per_cluster"):
            earlier = self.examples.pop(self._last.get(names["cluster"]), None)
            self.set_aside += (earlier is not None) + len(self._unusable.pop(names["cluster"], ()))
            self._last[names["cluster"]] = names["id"]
        self.examples[names["id"]] = example
        others = unnamed(self.settings, record.fields)
        self._first = others if self._first is None else self._first
        self.differing |= {name for name, value in self._first.items() if others.get(name) != value}

    def finish(self) -> None:
        """Judge the unusable records that no later one has set aside."""
        for record, error in chain.from_iterable(self._unusable.values()):
            with _located(record):
                self._skip(error)

    def in_other_splits(self) -> list[tuple[str, str]]:
        """Return the ids of examples whose prompt another split has too, each with the other's split and id."""
        marks = ((example["id"], _mark(example["prompt"])) for example in self.examples.values())
        return [(name, self._elsewhere[mark]) for name, mark in marks if mark in self._elsewhere]

    def _split_of(self, source: str, names: Mapping) -> str:
        if (shares := self.settings.get("shares")) is not None and source in ("all", "train"):
            return split_of(names["cluster"] or names["id"], shares)
        return source if source in SPLITS else "test"

    def _skip(self, error: Unusable) -> None:
        if not self.settings.get(f"skip_{error.reason}"):
            raise error
        self.skipped[error.reason] += 1


@contextmanager
def _located(record: Record) -> Iterator[None]:
    try:
        yield
    except StudyError as error:
        raise StudyError(f"{record.where}: {error}") from None


def _prompts_again(examples: Sequence[Mapping]) -> list[tuple[str, str]]:
    """Return the ids of examples that repeat an earlier one's prompt, each with the id of the first."""
    first = {}
    pairs = ((example["id"], first.setdefault(example["prompt"], example["id"])) for example in examples)
    return [(name, earlier) for name, earlier in pairs if name != earlier]


def _mark(text: str) -> bytes:
    """Return a hash of a prompt of another split; the prompts themselves can be gigabytes."""
    return sha256(text.encode()).digest()
