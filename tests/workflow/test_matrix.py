"""docs/architectures.md says what is so."""

from collections import Counter

import matrix
import matrix_language
import matrix_vision


def test_the_page_of_architectures_is_true_and_has_few_refusals():
    language, vision = matrix_language.rows(), matrix_vision.rows()
    assert matrix.document(language, vision) == matrix.DOCUMENT.read_text(encoding="utf-8"), "run `make architectures`"
    for rows in (language, vision):
        cells = [(column, cell) for row in rows.values() for column, cell in row.items()]
        assert max(Counter(column for column, cell in cells if cell != matrix.WORKS).values()) <= 2
        assert all("\n" not in cell for _, cell in cells)
    assert {len(row) for row in language.values()} == {10}, "a model that is fetched is tried on the whole road"
