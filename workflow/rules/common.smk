import os
import shlex
import sys
from pathlib import Path

from snakemake.dag import DAG
from snakemake.exceptions import WorkflowError

import generality.study_early_stopping as early
from generality.ancient import not_through_ancient
from generality.config import ConfigError, load
from generality.fork import SERVER, start_fork_server
from generality.imports import code, requirements, resource
from generality.slurm_status import patient
from generality.study import Study, any_of, as_json
from generality.study_captions import captions, in_report, labels
from generality.study_page import page_file
from generality.study_resources import asks, cores
from generality.training.methods import module_of

# Not Snakemake's `config`: of a key that is there twice it has the last, and it evaluates a file that begins with
# `__use_yte__`. A study file is complete in itself: config.yaml must not leak into one that is given.
try:
    study = Study(load(*workflow.overwrite_configfiles or ["config.yaml"], given=workflow.config_settings.config))
except ConfigError as error:
    raise WorkflowError(str(error)) from None

# Every job finds the library, in whatever environment it runs; Snakemake itself finds what lies beside its Snakefile.
RULES = Path(str(workflow.current_basedir))
LIBRARY, FUNCTIONS = shlex.quote(str(RULES.parent)), shlex.quote(str(RULES / "jobs.sh"))
# A prefix of our own takes the place of Snakemake's, whose strict mode lets a job fail with its first command.
shell.prefix(f"set -euo pipefail; export PYTHONPATH={LIBRARY}; source {FUNCTIONS}; ")


# Not for a job that SLURM runs, by a Snakemake of its own: signals and limits of SLURM reach what it has started alone.
if not workflow.is_main_process:
    os.environ.pop(SERVER, None)  # of the environment of who submitted it


onstart:
    # Where jobs begin at a limited rate, Snakemake also looks at the files of all that are ready each second, and once more
    # each second for every job that has ended: 197 s of CPU in 14 minutes. On this machine cores are limit enough.
    if workflow.local_exec:
        workflow.scheduler.job_rate_limiter = None
    if workflow.is_main_process:
        start_fork_server()


# Under SLURM, a controller that restarts must not cost the jobs that run; see `patient`.
if slurm := sys.modules.get("snakemake_executor_plugin_slurm"):
    slurm.query_job_status = patient(slurm.query_job_status)

# A model is tried again where its study names one more method, and what is trained already stays.
DAG.bfs = not_through_ancient(DAG.bfs)

# Where the captions of Snakemake's own report (report/part.rst) find their texts: a template sees the config, but of its
# job only what the job's params say too, and as params a word changed would plot the figures again.
config["captions"] = captions(study)


def part_files(part, suffixes):
    """The files of a part of the report, or of each that a wildcard names; some are marked for Snakemake's own."""
    files = [f"{study.config['report']['folder']}/{part}.{suffix}" for suffix in suffixes]
    return [_marked(file) if in_report(file) else file for file in files]


def _marked(file):
    def own(wildcards):
        return labels(config["captions"], file.format(**dict(wildcards.items())))

    return report(file, caption="../report/part.rst", category=lambda w: own(w)[0], labels=lambda w: own(w)[1])


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
