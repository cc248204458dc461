"""The sources of a domain's records: its files or the hub, by split, and the files of answers beside them."""

from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path

from generality.data.records.examples import TEMPLATES
from generality.data.records.fields import paths
from generality.data.records.files import KINDS, Record, kind_of, read_file
from generality.data.records.hub import check_hub, describe, read_hub
from generality.data.records.tables import is_saved
from generality.data.records.text_file import PACKED, read_text
from generality.data.shares import check_shares, leaves_train
from generality.errors import StudyError
from generality.runtime.local_files import is_time_stamp
from generality.storage.files import sha256, visible_files

SPLITS = ("train", "validation", "test")


def splits_of(settings: Mapping) -> set[str]:
    """Return the splits that a domain's settings give, without reading any file.

    Raises StudyError, with the key first, for settings that contradict each other or are incomplete.
    """
    _check(settings)
    splits = set(sources_of(settings)) | set(settings.get("shares", ()))
    if "all" in splits:
        splits = splits - {"all"} | {"train" if "shares" in settings else "test"}
    return splits if leaves_train(settings.get("shares", {})) else splits - {"train"}


def _check(settings: Mapping) -> None:
    form = settings.get("form")
    if form not in TEMPLATES:
        raise StudyError(f"form: {form!r} is no form of records; give one of {', '.join(TEMPLATES)}")
    if absent := [key for key in TEMPLATES[form] if key not in settings]:
        raise StudyError(f"{absent[0]}: the form '{form}' needs it")
    for key in (key for key in TEMPLATES[form] if key != "choices"):
        # A response may be one word for all, on purpose, but none with doubled braces.
        if not paths(settings[key]) and (key != "response" or "{{" in settings[key]):
            remedy = "put a field's path in single braces, such as {name}; Jinja's {{name}} is the text {name}"
            raise StudyError(f"{key}: it names no field, so it is the same for every record; {remedy}")
    templates = "".join(settings.get(key, "") for key in ("prompt", "response", "text"))
    templates += "" if isinstance(choices := settings.get("choices", ()), str) else "".join(choices)
    if unused := [path for path in settings.get("optional", ()) if f"{{{path}}}" not in templates]:
        raise StudyError(f"optional: no template has the field {{{unused[0]}}}; correct it or leave it out")
    if form == "choice" and ("answer" in settings) == ("answers" in settings):
        raise StudyError("answer: give it (a field) or `answers` (a file of answers), one of the two")
    if ("files" in settings) == ("hub" in settings):
        raise StudyError("files: give `files` or `hub`, one of the two")
    key = "files" if "files" in settings else "hub.splits"
    if not (sources := set(sources_of(settings))):
        raise StudyError(f"{key}: name at least one split, or all")
    if unknown := sources - {*SPLITS, "all"}:
        raise StudyError(f"{key}.{min(unknown)}: no such split; splits are {', '.join(SPLITS)}, or all")
    if "all" in sources and len(sources) > 1:
        raise StudyError(f"{key}.all: is everything, so no other split goes beside it")
    if "hub" in settings:
        check_hub(settings["hub"])
        if isinstance(name := settings["hub"].get("name"), Mapping) and set(name) != sources:
            raise StudyError(f"hub.name: give one for each of {', '.join(sorted(sources))}, and for nothing else")
    if unknown := set(settings.get("counts", ())) - sources:
        raise StudyError(f"counts.{min(unknown)}: {key} has {', '.join(sorted(sources))} to count; correct the key")
    if "one_per_cluster" in settings and "cluster" not in settings:
        raise StudyError("cluster: `one_per_cluster` needs it")
    if "shares" in settings:
        check_shares(shares := settings["shares"])
        if listed := set(shares) & sources:
            raise StudyError(f"shares.{min(listed)}: {key} has this split; leave out one of the two keys")
        if not sources & {"all", "train"}:
            raise StudyError(f"shares: they are cut from all or train, and {key} has neither")
    answers = settings.get("answers")
    if isinstance(answers, str) and len(sources) > 1:
        raise StudyError("answers: there are several splits, so name a file for each, {split: path}")
    if isinstance(answers, Mapping) and set(answers) != sources:
        raise StudyError(f"answers: name a file for each of {', '.join(sorted(sources))}, and for nothing else")


def sources_of(settings: Mapping) -> Mapping:
    """Return the sources by split or `all`: paths, or the hub's names of splits."""
    return settings["files"] if "files" in settings else settings["hub"]["splits"]


def files_of(settings: Mapping, source: str) -> tuple[list[str], list[str]]:
    """Return the files that a source is read from, and the files of its folders that are left out.

    A folder stands for its files whose names may be those of records; hidden files and inner folders are left out. A
    folder that `save_to_disk` of datasets wrote is read as a whole. The hub chooses its files itself.
    """
    if "hub" in settings:
        return [], []
    paths, read, unread = settings["files"][source], [], []
    for path in [paths] if isinstance(paths, str) else paths:
        if not Path(path).is_dir() or is_saved(path):
            read.append(path)
            continue
        inside = [file for file in Path(path).rglob("*") if not (file.is_dir() or is_time_stamp(file))]
        visible = [file for file in inside if file.parent == Path(path) and not file.name.startswith(".")]
        chosen = {file for file in visible if kind_of(file)}
        others = sorted(file.relative_to(path).as_posix() for file in inside if file not in chosen)
        if not chosen:
            has = f", only {', '.join(others[:3])}" if others else ""
            kinds = f"{', '.join(KINDS)} or {PACKED}"
            raise StudyError(f"{path}: no {kinds} file in this folder{has}; name another by `files`")
        read += sorted(map(str, chosen))
        unread += others
    return read, unread


def _answers(settings: Mapping, source: str) -> str | None:
    answers = settings.get("answers")
    return answers[source] if isinstance(answers, Mapping) else answers


def records_of(settings: Mapping, source: str) -> Iterator[tuple[Record, str | None]]:
    """Yield the records of a source, each with its line of the file of answers if there is one."""
    if "hub" in settings:
        records = read_hub(settings["hub"], source)
    else:
        inside = settings.get("records")
        records = chain.from_iterable(read_file(path, inside) for path in files_of(settings, source)[0])
    if not (file := _answers(settings, source)):
        yield from ((record, None) for record in records)
        return
    lines = read_text(file).removesuffix("\n").split("\n")
    count = 0
    for count, record in enumerate(records, 1):
        if count <= len(lines):
            yield record, lines[count - 1]
    if count != len(lines):
        raise StudyError(f"{file}: {len(lines)} answers for {count} records of {source}; give each record a line")


def origin_of(settings: Mapping) -> dict:
    """Return the manifest's part about the source: the files with their checksums, or the settings of `hub`."""
    files = [file for source in sources_of(settings) if (file := _answers(settings, source))]
    if "hub" in settings:
        about = {"hub": describe(settings["hub"])}
    else:
        about = {}
        read = chain.from_iterable(files_of(settings, source)[0] for source in settings["files"])
        files = [*(str(file) for path in read for file in visible_files(Path(path))), *files]
    return about | ({"files": {file: sha256(file) for file in files}} if files else {})
