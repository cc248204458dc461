"""Asking SLURM how its jobs are, until it answers."""

import asyncio
import shlex
from collections.abc import Awaitable, Callable
from logging import Logger

Answer = tuple[dict[str, str] | None, float | None]  # state by job, and the seconds that it took; None for no answer
Ask = Callable[[str, Logger], Awaitable[Answer]]
SECONDS = 30  # between two questions: a controller that restarts is back in a minute or two


def patient(ask: Ask) -> Ask:
    """`ask`, which puts a command to SLURM, but asked again for as long as it has no answer.

    Snakemake's plugin takes no answer for no jobs: it forgets those that run, and waits for them for ever. It also asks
    sacct whenever the controller is slow, which without an accounting database can never answer; squeue may.
    """

    async def answer(command: str, logger: Logger) -> Answer:
        *_, run = shlex.split(command)
        squeue = f"squeue --format='%i|%T' --states=all --noheader --name {shlex.quote(run)}"
        while True:
            for question in dict.fromkeys((command, squeue)):
                states, seconds = await ask(question, logger)
                if states is not None:
                    return states, seconds
            logger.warning(f"SLURM does not answer; asking again in {SECONDS} seconds. Jobs that run are not affected.")
            await asyncio.sleep(SECONDS)

    return answer
