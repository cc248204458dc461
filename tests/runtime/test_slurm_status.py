"""SLURM is asked until it answers; `test_slurm` has a real one."""

import asyncio
import logging

import generality.runtime.slurm_status
from generality.runtime.slurm_status import patient

SACCT, SQUEUE = "sacct -X --format=JobIdRaw,State --name run-1", "squeue --format=%i|%T --states=all --name run-1"
NOTHING = (None, None)


def asked(monkeypatch, command, answers):
    """The answer to a command, and the programs that were asked one after the other."""
    monkeypatch.setattr(generality.runtime.slurm_status, "SECONDS", 0)
    programs = []

    async def ask(question, logger):
        assert question.endswith("--name run-1")
        programs.append(question.split()[0])
        return answers[len(programs) - 1]

    return asyncio.run(patient(ask)(command, logging.getLogger())), programs


def test_an_answer_is_passed_on(monkeypatch):
    states = ({"1": "RUNNING"}, 0.1)
    assert asked(monkeypatch, SQUEUE, [states]) == (states, ["squeue"])
    assert asked(monkeypatch, SQUEUE, [({}, 0.1)]) == (({}, 0.1), ["squeue"]), "no job is an answer"


def test_without_a_database_squeue_is_asked(monkeypatch):
    assert asked(monkeypatch, SACCT, [NOTHING, ({"1": "COMPLETED"}, 0.1)])[1] == ["sacct", "squeue"]


def test_it_asks_until_there_is_an_answer(monkeypatch):
    answer, programs = asked(monkeypatch, SACCT, [NOTHING] * 4 + [({"1": "FAILED"}, 0.1)])
    assert answer == ({"1": "FAILED"}, 0.1)
    assert programs == ["sacct", "squeue"] * 2 + ["sacct"]
