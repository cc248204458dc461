"""Find data that only the user can get, because of its licence or a login."""

from pathlib import Path

from generality.errors import StudyError
from generality.storage.files import whole_file


def find_own_copy(note: str | Path, *, path: str | Path, by_hand: str) -> None:
    """Write the file `note` if `path` is a file or a folder that is not empty.

    Raises StudyError, with the instructions `by_hand`, if nothing is there. The stage that reads the data checks its
    content.
    """
    path = Path(path)
    if not path.exists() or (path.is_dir() and not any(path.iterdir())):
        # A link that leads nowhere is the commonest slip.
        what = "a link that leads nowhere" if path.is_symlink() else "nothing there yet"
        raise StudyError(f"{path}: {what}, and only you can get it: {by_hand}")
    with whole_file(note) as partial:
        partial.write_text("found\n")  # the same bytes each time, so that no later stage runs again
