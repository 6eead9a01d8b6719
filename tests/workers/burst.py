"""RQ's worker, until there is nothing more to do."""

import os
import subprocess
import sys

OURS = ("--config", "workers.preload", "--worker-class", "workers.tries.Worker")


def burst(redis_url: str, **env: str) -> str:
    """A worker, as the supervisor starts it but in burst mode; what it said.

    ``env``: more of the environment.
    """
    ours = {"RQ_REDIS_URL": redis_url, "REDIS_URL": redis_url}
    done = subprocess.run(
        [sys.executable, "-m", "rq.cli", "worker", *OURS, "--burst"],
        env={**os.environ, **ours, **env},
        capture_output=True,
        text=True,
        timeout=180,
        check=True,
    )
    return done.stdout + done.stderr
