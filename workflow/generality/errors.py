"""The one error that a user can mend."""


class StudyError(ValueError):
    """A mistake in a study, its files or its machine: one line that names the file or the key, and the remedy.

    Raise it on purpose only. Any other error is a fault of the program, and keeps its traceback.
    """
