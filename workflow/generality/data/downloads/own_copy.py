"""Data that only the user can get: for its licence, or because it lies behind a login."""

from pathlib import Path

from generality.errors import StudyError
from generality.storage.files import whole_file


def find_own_copy(note: str | Path, *, path: str | Path, by_hand: str) -> None:
    """Write the file `note` if something is at `path`, a file or a folder that is not empty.

    Raises StudyError, with `by_hand`, the words on how to get it, if nothing is there. What it must hold is checked by
    the stage that reads it.
    """
    path = Path(path)
    if not path.exists() or (path.is_dir() and not any(path.iterdir())):
        # A link that leads nowhere is the commonest slip.
        what = "a link that leads nowhere" if path.is_symlink() else "nothing there yet"
        raise StudyError(f"{path}: {what}, and only you can get it: {by_hand}")
    with whole_file(note) as partial:
        partial.write_text("found\n")  # always the same, so that what depends on it is not made anew
