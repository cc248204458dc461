"""What a study downloads, where it goes, and which data sets read it. Paths are as the study file has them.

A download is known by its path alone: a data set reads it whose folders or files lie there. Two studies with the same
paths share them, so nothing is fetched twice.
"""

from collections.abc import Iterable

from generality.config.downloads import covers
from generality.runtime.local_files import files_in

CHECKSUMS = ("sha256", "md5")


class Downloads:
    """The downloads of a configuration in normal form."""

    def __init__(self, config: dict):
        self.entries = config.get("downloads", {})

    def files(self) -> dict[str, dict]:
        """What is fetched, by the file's path: archives lie beside the folders that they become."""
        fetched = {path: entry for path, entry in self.entries.items() if "urls" in entry}
        return {self.archive(path) if "unpack" in entry else path: entry for path, entry in fetched.items()}

    def folders(self) -> list[str]:
        """The folders that archives become."""
        return [path for path, entry in self.entries.items() if "unpack" in entry]

    def own_copies(self) -> list[str]:
        """What the user has to get."""
        return [path for path, entry in self.entries.items() if "by_hand" in entry]

    def archive(self, folder: str) -> str:
        """The archive of a folder."""
        return f"{folder}.{self.entries[folder]['unpack']}"

    def identity(self, file: str) -> dict:
        """What a fetched file's content depends on: its checksum if that is known, however it is got; else its URLs."""
        entry = self.files()[file]
        known = {key: entry[key] for key in CHECKSUMS if key in entry}
        return known or {"urls": entry["urls"]}

    def unpacking(self, folder: str) -> dict:
        """What unpacking depends on beside the archive."""
        return {key: self.entries[folder][key] for key in ("folder", "files") if key in self.entries[folder]}

    def known(self, file: str) -> dict:
        """What a fetched file is checked by."""
        return {key: self.files()[file][key] for key in (*CHECKSUMS, "bytes") if key in self.files()[file]}

    def needed(self, paths: Iterable[str], declared: bool = False) -> list[str]:
        """Return what has to be there before `paths` are read: downloads, and notes of what the user has got.

        With `declared`, what no download makes is among it too, as files of the user's own.
        """
        found = []
        for path in paths:
            makers = [entry for entry in self.entries if covers(entry, path) or covers(path, entry)]
            found += [note(entry) if "by_hand" in self.entries[entry] else entry for entry in makers]
            found += files_in(path) if declared and not makers else []
        return list(dict.fromkeys(found))

    def makes(self, path: str) -> bool:
        """Return whether a download makes a path, or what is in it."""
        return bool(self.needed([path]))

    def provenance(self, paths: list[str]) -> dict[str, dict]:
        """What is known of the downloads that `paths` are read from, by path, for the manifest."""
        made = {path: path for path in self.entries if "urls" in self.entries[path]}
        made |= {path: self.archive(path) for path in self.folders()}
        used = [entry for entry in made if any(covers(entry, path) or covers(path, entry) for path in paths)]
        return {entry: self.identity(made[entry]) for entry in used}


def note(path: str) -> str:
    """The file that says that the user's own copy was found; it lies beside it."""
    return f"{path}.found"
