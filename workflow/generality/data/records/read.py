"""Make text sets of real texts, from files or from the Hugging Face hub, by the names of their records' fields."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import chain
from pathlib import Path

from generality.data.records.examples import NEEDED, Unusable, answered, named, prompt, unnamed
from generality.data.records.files import Record
from generality.data.records.origins import SPLITS, files_of, origin_of, records_of, sources_of, splits_of
from generality.data.records.told import files_told, prompts_told, records_told
from generality.data.shares import split_of
from generality.data.text_set import write_text_set
from generality.errors import StudyError


def read_records(folder: str | Path, *, name: str, split: str, settings: Mapping) -> None:
    """Write one split of one domain as the text set `folder`; `name` is the domain, such as "pubmedqa/pqa-labeled".

    `settings` says where the records are and what their fields mean. A field is a dotted path. A template has such
    paths in braces, by the rules of `fields.fill`.

    - `form`: "choice", with `choices` and `answer`, or "instruction", with `response`, both with `prompt`; or "text",
      with `text`.
    - `files`: {split: path or list of paths} to .json, .jsonl, .parquet, .csv or .tsv files (each also as .gz), a
      folder of them, or a folder that `save_to_disk` of datasets wrote; or `hub`: {id, name or {split: name},
      revision, splits: {split: the hub's}}. The split "all" is everything: it is test, or `shares` cuts it.
      `counts`: {split or all: required number of records}.
    - `shares`: {"validation": 0.1, "test": 0.4}, cut from all or train by a hash. It is the hash of a record's cluster
      if it has one, so that no passage is in two splits, else of its id. The rest is train: every record for {}, none
      for a sum of 1.
    - `records`: path to the records inside a .json file. `id`: field that names a record; default: its key in a
      mapping, else the file's stem (or the hub's split) and its number from 0.
    - `prompt`, `response`, `text`: templates, whose fields may be null only if `optional` lists them. `choices`: list
      of templates, or a field with a list of texts or a mapping label → text. `labels`: list of templates, or a field
      with a list, of the labels by which `answer` names the choices.
    - `answer`: field with a label; without labels, a key of the mapping, or else a number from 0 (a whole number of
      JSON or Parquet, or its digits) or the text of a choice. Or `answers`: path, or {split: path}, of a text file
      with an answer a line in the records' order.
    - `cluster`: field that questions share; with `one_per_cluster: last`, only the last of each is kept, and the
      others, usable or not, are counted as `set_aside`. `licence`: text. `skip_unlabelled`, `skip_faulty`: count and
      leave out records without answer or response, or with empty or equal choices, an empty prompt or a null in a
      template.

    The manifest's `source` has the files with their checksums, or the settings of `hub`, and `counts`: records of the
    split that were `read` and `skipped`, examples whose prompt an earlier one has (`duplicate_prompts`) and examples
    whose prompt another split has too (`prompts_in_other_splits`). Standard error gets the same, with the ids of some
    of these examples and the files of a folder that were left out.

    Raises StudyError, naming the file and the line or record, for anything else, and leaves no folder. It also refuses
    a prompt that is the same in all examples while the records hold other sentences that differ.
    """
    if split not in (known := splits_of(settings)):
        have = ", ".join(one for one in SPLITS if one in known)
        raise StudyError(f"{name}: has {have}, but no '{split}'; name it in `files`, `hub` or `shares`")
    reading = _Reading(settings, split)
    files = [files_of(settings, source) for source in sources_of(settings)]
    for source in sources_of(settings):
        count = _take_all(reading, source)
        if count != (expected := settings.get("counts", {}).get(source, count)):
            remedy = f"the copy is not whole, or of another version; get it anew, or correct `counts.{source}`"
            raise StudyError(f"{name}: {count:,} records in {source}, {expected:,} are expected; {remedy}")
    reading.finish()
    examples = list(reading.examples.values())
    if not examples:
        skipped = ", ".join(f"{number} {reason}" for reason, number in reading.skipped.items())
        raise StudyError(f"{name}: no example in {split} ({reading.read} read, {skipped}); change `files` or `shares`")
    if reading.differing and len({example["prompt"] for example in examples}) == 1:
        key, fields = NEEDED[settings["form"]][0], ", ".join(sorted(reading.differing))
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
    lines = [records_told(reading.read, len(examples), reading.skipped | {"set aside": reading.set_aside})]
    if "files" in settings:
        lines.insert(0, files_told(*(list(chain(*paths)) for paths in zip(*files, strict=True))))
    lines += [prompts_told(again, "of them")] if again else []
    lines += [prompts_told(elsewhere, "split's")] if elsewhere else []
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


def _take_all(reading: _Reading, source: str) -> int:
    """Take the records of a source, and return their number."""
    count = 0
    for record, line in records_of(reading.settings, source):
        count += 1
        with _located(record):
            reading.take(source, record, line)
    return count


@contextmanager
def _located(record: Record) -> Iterator[None]:
    try:
        yield
    except StudyError as error:
        raise StudyError(f"{record.where}: {error}") from None


def _prompts_again(examples: Sequence[Mapping]) -> list[tuple[str, str]]:
    """Return the ids of examples that repeat an earlier one's prompt, each with the id of the first."""
    first, again = {}, []
    for example in examples:
        if (name := first.setdefault(example["prompt"], example["id"])) != example["id"]:
            again.append((example["id"], name))
    return again


def _mark(text: str) -> bytes:
    """Return a hash of a prompt of another split; the prompts themselves can be gigabytes."""
    return sha256(text.encode()).digest()
