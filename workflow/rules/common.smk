import gc

from generality.runtime.cli import OBJECTS

# Snakemake stays imported until the end, and planning makes objects that stay. Freeze the first and seldom look through
# the others, or garbage collection would take a quarter of the CPU time of `snakemake -n` of a finished study.
gc.freeze()
gc.set_threshold(OBJECTS)

import functools
import os
import shlex
import sys
from pathlib import Path

from snakemake.dag import DAG
from snakemake.exceptions import WorkflowError

import generality.plan.early_stopping as early
import generality.plan.scoring as scoring
import generality.plan.trials as trying
from generality.runtime.ancient import not_through_ancient
from generality.config.study_file import load
from generality.errors import StudyError
from generality.runtime.fork import SERVER, start_fork_server
from generality.runtime.imports import fingerprint, requirements, resource
from generality.runtime.local_files import mark_of_pictures
from generality.runtime.machine import usable_memory_mb
from generality.runtime.slurm_status import patient
from generality.parts import parts
from generality.plan.study import KINDS, Study, any_of, as_json
from generality.plan.captions import SHOWN_AS, captions, labels
from generality.plan.notes import notes, unshown
from generality.plan.page import page_file, targets
from generality.plan.shown import Shown
from generality.runtime.resources import asks, cores
from generality.storage.seed import finetuning, in_words, start
from generality.methods import PRETRAINED, Trained, module_of, registry
from generality.sources import data_sources, model_sources

# Our own reader reads the study file. Snakemake's `config` keeps the last of two equal keys, evaluates a file that
# begins with `__use_yte__`, and would mix config.yaml into another study file, which is complete in itself.
try:
    study = Study(load(*workflow.overwrite_configfiles or ["config.yaml"], given=workflow.config_settings.config))
except StudyError as error:
    raise WorkflowError(str(error)) from None

if workflow.is_main_process:
    for note in notes(study):
        logger.warning(note)

# Every job must find the library, in any environment; Snakemake itself finds it beside its Snakefile.
RULES = Path(str(workflow.current_basedir))
LIBRARY, FUNCTIONS = shlex.quote(str(RULES.parent)), shlex.quote(str(RULES / "jobs.sh"))
# This prefix replaces Snakemake's, so it repeats its strict mode, in which a job fails with its first failing command.
shell.prefix(f"set -euo pipefail; export PYTHONPATH={LIBRARY}; source {FUNCTIONS}; ")


# A job under SLURM runs in a Snakemake of its own and must not use the fork server of the submitter: SLURM's signals
# and limits reach only processes that SLURM has started.
if not workflow.is_main_process:
    os.environ.pop(SERVER, None)  # SLURM passes on the environment of the submitter


# On one machine, jobs share its memory as they share its cores, unless the user says `--resources mem_mb=…`. A cluster
# keeps its own accounts (`nodes`), and gives each job the memory that it asks for.
if workflow.is_main_process and workflow.nodes is None and "mem_mb" not in workflow.global_resources:
    workflow.register_resource("mem_mb", usable_memory_mb())


def users_inputs(files, sources, output):
    """Return the inputs of a job that makes `output` from the user's own `sources`: `files` and the missing sources.

    Snakemake ends a run with a missing input, but names neither its key nor a remedy. A line printed before does.
    """
    missing = study.missing(sources)
    if not os.path.exists(output):
        for line in missing.values():
            tell(line)
    # `/*` makes an empty folder or a link to nothing a missing input. Snakemake would accept the first, and stop at the
    # second.
    lost = [f"{path}/*" if os.path.lexists(path) else path for path in missing]
    return list(dict.fromkeys([*(file for file in files if file not in missing), *lost]))


@functools.cache
def tell(line):
    """Print a line for the user, once."""
    logger.error(line)


def too_large():
    """Return the names of the rules with a job to run that asks for all the shared memory, or more.

    Snakemake cuts such a request down to all of the memory, so the job waits until no other job has any.
    """
    shared = workflow.global_resources["mem_mb"].value
    jobs = workflow.dag.needrun_jobs()
    return sorted({job.rule.name for job in jobs if job.resources.get("mem_mb") == shared})


onstart:
    # With a limited rate of starts, Snakemake looks at the files of all ready jobs each second, and once more each
    # second for every job that has ended: 197 s of CPU in 14 minutes. On one machine the cores limit the rate enough.
    if workflow.local_exec:
        workflow.scheduler.job_rate_limiter = None
        if workflow.is_main_process and (rules := too_large()):
            shared = f"the {workflow.global_resources['mem_mb'].value:,} MB that jobs share on this machine"
            logger.warning(
                f"{', '.join(rules)}: asks for all of {shared}, or more, so it runs alone (key `resources`)"
            )
    if workflow.is_main_process:
        start_fork_server()


# Under SLURM, a restart of the controller must not fail the running jobs; see `patient`.
if slurm := sys.modules.get("snakemake_executor_plugin_slurm"):
    slurm.query_job_status = patient(slurm.query_job_status)

# A study with one more method tries its model again, but keeps the models that are trained already.
DAG.bfs = not_through_ancient(DAG.bfs)

# Snakemake's own report (report/*.rst) reads these here. A template sees only the config and the job's params, and a
# changed word in params would draw the figures again.
config["captions"] = captions(study)
config["trainings"] = {name: in_words(study.seeds(name)) for name in study.config["experiments"]}


def part_files(part):
    """Return the files of every part of the kind of `part`, by wildcard; some are marked for Snakemake's own report."""
    files = {suffix: page_file(study, f"{{part}}.{suffix}") for suffix in Shown(study, part).suffixes}
    return [_marked(file) if suffix in SHOWN_AS[parts()[part].kind] else file for suffix, file in files.items()]


def _marked(file):
    def words(wildcards):
        return labels(config["captions"], file.format(**dict(wildcards.items())))

    return report(file, caption="../report/part.rst", category=lambda w: words(w)[0], labels=lambda w: words(w)[1])


# The study's name is no wildcard, or Snakemake would try more rules for each file of a plan.
def results(path):
    """Return the path of a result of the study, which may hold wildcards."""
    return f"{study.root}/{path}"


def logs(path):
    """Return the path of a log of the study, which may hold wildcards."""
    return f"logs/{study.name}/{path}"


wildcard_constraints:
    set=any_of(study.config["data"]),
    domain=r"[a-z0-9_-]+",
    split="train|train-whole|validation|test",
    model=any_of(study.config["models"]),
    experiment=any_of(study.config["experiments"]),
    method=r"[a-z0-9_]+",
    setting=r"[a-z0-9_.+-]+",
    run=r"[a-z0-9_]+(?:/[a-z0-9_.+-]+)*",
    seed=r"none|\d+(-\d+)?",
