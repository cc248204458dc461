"""Ask SLURM for the states of its jobs until it answers."""

import asyncio
import shlex
from collections.abc import Awaitable, Callable
from logging import Logger

Answer = tuple[dict[str, str] | None, float | None]  # state by job, and the seconds that it took; None for no answer
Ask = Callable[[str, Logger], Awaitable[Answer]]
SECONDS = 30  # between two queries: a controller that restarts is back in a minute or two


def patient(ask: Ask) -> Ask:
    """Wrap `ask`, which puts a command to SLURM, so that it repeats until there is an answer.

    Snakemake's plugin takes a missing answer to mean that there are no jobs; it forgets running jobs and waits for them
    for ever. When the controller is slow, the plugin also asks sacct, which cannot answer without an accounting
    database; squeue may answer.
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
