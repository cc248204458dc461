"""Real texts, from files or from the Hugging Face hub, become text sets by naming the fields of their records."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from generality.data.record_examples import Unusable, answered, question
from generality.data.record_files import Record
from generality.data.record_sources import SPLITS, origin_of, records_of, sources_of, splits_of
from generality.data.shares import split_of
from generality.data.text_set import write_text_set


def read_records(folder: str | Path, *, name: str, split: str, settings: Mapping) -> None:
    """Write one split of one domain as the text set `folder`; `name` is the domain, such as "pubmedqa/pqa-labeled".

    `settings` says where records are and what their fields mean. A field is a dotted path, a template has such
    paths in braces, for which `record_fields.fill` has the rules.

    - `form`: "choice", with `choices` and `answer`, or "instruction", with `response`, both with `prompt`; or "text",
      with `text`.
    - `files`: {split: path or list of paths} to .json, .jsonl or .parquet files or a folder of them, or `hub`: {id,
      name or {split: name}, revision, splits: {split: the hub's}}. The split "all" is everything: test, or what
      `shares` cuts. `counts`: {split or all: records} that there have to be.
    - `shares`: {"validation": 0.1, "test": 0.4}, cut from all or train by a hash: of a record's cluster if it has
      one, so that no passage is in two splits, else of its id. What is left is train; {} makes every record train, a
      sum of 1 none.
    - `records`: path to the records inside a .json file. `id`: field that names a record; default: its key in a
      mapping, else the file's stem (or the hub's split) and its number from 0.
    - `prompt`, `response`, `text`: templates. `choices`: list of templates, or a field with a list of texts or a
      mapping label → text. `labels`: list, or a field with a list, of what `answer` calls the choices.
    - `answer`: field with a label; without labels a key of the mapping; else a number from 0 or the text of a
      choice. Or `answers`: path, or {split: path}, of a text file with an answer a line in the records' order.
    - `cluster`: field that questions share; with `one_per_cluster: last`, only the last of each is kept, and the others
      are counted as `set_aside`. `licence`: text. `skip_unlabelled`, `skip_faulty`: count and leave out
      records without answer or response, or with empty or equal choices or an empty prompt.

    The manifest's `source` has the files with their checksums, or what was asked of the hub, and `counts`: records
    of the split that were `read` and `skipped`, examples whose prompt an earlier one has (`duplicate_prompts`) and
    examples whose prompt another split has too (`prompts_in_other_splits`).

    Raises ValueError, and leaves no folder, for anything else: it names the file and the line or record.
    """
    if split not in (there := splits_of(settings)):
        have = ", ".join(one for one in SPLITS if one in there)
        raise ValueError(f"{name}: has {have}, but no '{split}'; name it in `files`, `hub` or `shares`")
    shares = settings.get("shares")
    examples, elsewhere, read, skipped = {}, set(), 0, Counter(unlabelled=0, faulty=0)
    last, set_aside = {}, 0  # the id of each cluster's last example
    for source in sources_of(settings):
        whole, there = source if source in SPLITS else "test", 0
        for record, line in records_of(settings, source):
            there += 1
            with _located(record):
                asked = question(settings, record)
                cut = shares is not None and source in ("all", "train")
                if (split_of(asked["cluster"] or asked["id"], shares) if cut else whole) != split:
                    elsewhere.add(_mark(asked))
                    continue
                read += 1
                try:
                    example = answered(settings, record, asked, line)
                except Unusable as error:
                    if not settings.get(f"skip_{error.reason}"):
                        raise
                    skipped[error.reason] += 1
                    continue
                if example["id"] in examples:
                    raise ValueError(f"its id '{example['id']}' is an earlier one's too; name another field by `id`")
                if settings.get("one_per_cluster"):
                    set_aside += last.get(asked["cluster"]) is not None
                    examples.pop(last.get(asked["cluster"]), None)
                    last[asked["cluster"]] = example["id"]
                examples[example["id"]] = example
        if there != (expected := settings.get("counts", {}).get(source, there)):
            remedy = f"the copy is not whole, or of another version; get it anew, or correct `counts.{source}`"
            raise ValueError(f"{name}: {there:,} records in {source}, {expected:,} are expected; {remedy}")
    if not examples:
        raise ValueError(f"{name}: no example in {split} ({read} read, {_told(skipped)}); change `files` or `shares`")
    marks = [_mark(example) for example in examples.values()]
    counts = {
        "read": read,
        "skipped": dict(skipped),
        "duplicate_prompts": len(marks) - len(set(marks)),
        "prompts_in_other_splits": sum(mark in elsewhere for mark in marks),
    }
    if settings.get("one_per_cluster"):
        counts["set_aside"] = set_aside
    about = {"kind": "text_records", "name": name, "split": split, **origin_of(settings)}
    about |= {key: settings[key] for key in ("shares", "licence") if key in settings} | {"counts": counts}
    write_text_set(folder, settings["form"], list(examples.values()), about)


@contextmanager
def _located(record: Record) -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{record.where}: {error}") from None


def _mark(example: Mapping) -> bytes:
    """What is kept of the prompts of other splits: they can be gigabytes."""
    return sha256(example["prompt"].encode()).digest()


def _told(skipped: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {reason}" for reason, number in skipped.items())
