"""What comes round: ``rq cron workers.schedule``."""

from rq import cron

from storefront.confirmations import QUEUE
from workers.sweep import EVERY_S, sweep

# Rounds that no worker took while it was away are worth nothing: each lives until the next.
cron.register(sweep, QUEUE, interval=EVERY_S, ttl=EVERY_S, job_timeout=EVERY_S, result_ttl=EVERY_S)
