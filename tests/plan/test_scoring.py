"""The plan of scoring: the files that a job reads, and its arguments."""

import pytest

from generality.plan import scoring
from generality.storage.seed import start
from study_files import study


@pytest.mark.parametrize(
    ("experiment", "speciality"), [("domainnet", "domainnet/real"), ("medmcqa", "medical/medmcqa")]
)
def test_drift_is_measured_from_the_model_that_a_fine_tuning_started_from(experiment, speciality):
    plan = study()
    seed = plan.seeds(experiment)[0]
    origin = plan.start_path(experiment, start(seed))
    for run, text in (("pretrained/default", start(seed)), ("full/default", seed), ("wise", seed)):
        words = scoring.arguments(plan, experiment, run, "scores", text)
        assert words[words.index("--drift") + 1] == f"{speciality}={origin}", run
        folders = scoring.inputs(plan, experiment, run, "scores", text)
        assert origin in folders.values(), "a job waits for what it reads"
        assert f"{speciality}:validation={plan.evaluation_sets(experiment)[speciality, 'validation']}" in words


def test_a_series_has_no_drift():
    plan = study()
    words = scoring.arguments(plan, "medmcqa", "full/default", "series", plan.seeds("medmcqa")[0])
    assert "--series" in words
    assert "--drift" not in words
