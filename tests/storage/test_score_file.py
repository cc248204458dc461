"""Score files, and several of them as one."""

import pandas as pd
import pandas.testing

from generality.storage.score_file import diverged_rows, join_scores, write_scores


def part(data, **scores):
    rows = len(next(iter(scores.values())))
    keys = {"setting": "a", "data": data, "split": "test", "example": list(map(str, range(rows)))}
    return pd.DataFrame(keys | scores)


def test_a_joined_file_has_all_rows_with_what_each_file_lacks_as_null(tmp_path):
    files = [tmp_path / name for name in ("pretrained", "full", "lost")]
    choices = pd.array([4, 4], "Int64")
    write_scores(files[0], [part("x", acc=[1.0, 0.0], choices=choices)], method="pretrained", seed="1")
    write_scores(files[1], [part("x", acc=[0.0, 0.0]), part("y", nll=[0.1])], method="full", seed="1-1")
    write_scores(files[2], [diverged_rows({"lr-1": 7})], method="l1", seed="1-1")
    join_scores(files, tmp_path / "joined")
    joined = pd.read_parquet(tmp_path / "joined").reset_index(drop=True)
    assert list(joined["method"]) == ["pretrained"] * 2 + ["full"] * 3 + ["l1"]
    assert list(joined["diverged"].dropna()) == [7]
    start = 0
    for file in files:
        rows = pd.read_parquet(file)
        same = joined.iloc[start : start + len(rows)].reset_index(drop=True)
        pandas.testing.assert_frame_equal(same[rows.columns], rows, check_dtype=False, check_categorical=False)
        assert same.drop(columns=rows.columns).isna().all(axis=None)
        start += len(rows)
    assert start == len(joined)
