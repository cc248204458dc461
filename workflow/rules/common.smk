import shlex
from pathlib import Path

from snakemake.exceptions import WorkflowError

import generality.study_early_stopping as early
from generality.config import ConfigError, check
from generality.imports import code, resource
from generality.study import Study, any_of, as_json
from generality.study_page import page_file

try:
    study = Study(check(config))
except ConfigError as error:
    raise WorkflowError(f"config: {error}") from None

# Every job finds the library, in whatever environment it runs; Snakemake itself finds what lies beside its Snakefile.
LIBRARY = Path(str(workflow.current_basedir)).parent
# A prefix of our own takes the place of Snakemake's, whose strict mode lets a job fail with its first command.
shell.prefix(f"set -euo pipefail; export PYTHONPATH={shlex.quote(str(LIBRARY))}; ")

# The two ends of an experiment, which several rules speak of.
PRETRAINED = "results/{study}/{experiment}/pretrained/default/seed-{seed}/model"
FULL = "results/{study}/{experiment}/full/default/seed-{seed}/model"


wildcard_constraints:
    study=study.name,
    set=any_of(study.config["data"]),
    domain=r"[a-z0-9_-]+",
    split="train|validation|test",
    model=any_of(study.config["models"]),
    experiment=any_of(study.config["experiments"]),
    method=r"[a-z0-9_]+",
    setting=r"[a-z0-9_.+-]+",
    alpha=r"[0-9.e-]+",
    seed=r"\d+",
