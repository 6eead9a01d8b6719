"""Loaded by the worker before it forks for its first job: ``rq worker --config workers.preload
--worker-class workers.tries.Worker``.

Each job runs in a process of its own; to load SQLAlchemy there anew would take longer than a mail.
"""

import workers.alarm
import workers.confirmation
import workers.sweep
import workers.tries
from workers.lines import DICT_CONFIG

__all__ = ["DICT_CONFIG", "workers"]
