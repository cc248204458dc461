"""Downloads of a study: their places, and the data sets that read them. Paths are as in the study file.

A path alone identifies a download. A data set reads it if the set's folders or files lie there. Studies with the same
paths share downloads, so nothing is fetched twice.
"""

from collections.abc import Iterable

from generality.config.downloads import covers, pictured
from generality.runtime.local_files import files_in

CHECKSUMS = ("sha256", "md5")


class Downloads:
    """The downloads of a configuration in normal form."""

    def __init__(self, config: dict):
        self.entries = config.get("downloads", {})

    def files(self) -> dict[str, dict]:
        """Return the entries to fetch, by the file's path. An archive lies beside the folder that it becomes."""
        fetched = {path: entry for path, entry in self.entries.items() if "urls" in entry}
        return {self.archive(path) if "unpack" in entry else path: entry for path, entry in fetched.items()}

    def folders(self) -> list[str]:
        """Return the folders that archives become."""
        return [path for path, entry in self.entries.items() if "unpack" in entry]

    def pictured(self) -> list[str]:
        """Return the folders that pictures of other sources become."""
        return [path for path, entry in self.entries.items() if "pictures" in entry]

    def pictures_from(self, folder: str) -> list[str]:
        """Return the files that the pictures of a folder are written from, or the downloads that they are in."""
        return self.needed(pictured(self.entries[folder]), declared=True)

    def own_copies(self) -> list[str]:
        """Return the paths that the user has to fill by hand."""
        return [path for path, entry in self.entries.items() if "by_hand" in entry]

    def archive(self, folder: str) -> str:
        """Return the archive of a folder."""
        return f"{folder}.{self.entries[folder]['unpack']}"

    def identity(self, file: str) -> dict:
        """Return what identifies a fetched file's content: its checksum if the study knows it, else its URLs."""
        entry = self.files()[file]
        checksums = {key: entry[key] for key in CHECKSUMS if key in entry}
        return checksums or {"urls": entry["urls"]}

    def unpacking(self, folder: str) -> dict:
        """Return the settings that unpacking depends on beside the archive."""
        return {key: self.entries[folder][key] for key in ("folder", "files") if key in self.entries[folder]}

    def known(self, file: str) -> dict:
        """Return checksums and size that a fetched file is checked by."""
        return {key: self.files()[file][key] for key in (*CHECKSUMS, "bytes") if key in self.files()[file]}

    def needed(self, paths: Iterable[str], declared: bool = False) -> list[str]:
        """Return the files that must exist before `paths` are read: downloads, and notes of the user's copies.

        With `declared`, files of the user's own, which no download makes, are included too.
        """
        files = []
        for path in paths:
            makers = self._makers(path)
            files += [f"{entry}.found" if "by_hand" in self.entries[entry] else entry for entry in makers]
            files += files_in(path) if declared and not makers else []
        return list(dict.fromkeys(files))

    def makes(self, path: str) -> bool:
        """Tell whether a download makes a path, or something in it."""
        return bool(self._makers(path))

    def provenance(self, paths: list[str]) -> dict[str, dict]:
        """Return the identity of each download that `paths` are read from, by path, for the manifest."""
        makers = {entry for path in paths for entry in self._makers(path)}
        made = {entry: self.entries[entry]["pictures"] for entry in self.pictured() if entry in makers}
        fetched = [entry for entry in self.entries if entry in makers and "urls" in self.entries[entry]]
        folders = self.folders()
        return made | {entry: self.identity(self.archive(entry) if entry in folders else entry) for entry in fetched}

    def _makers(self, path: str) -> list[str]:
        """Return the entries that make a path, or something in it."""
        return [entry for entry in self.entries if covers(entry, path) or covers(path, entry)]
