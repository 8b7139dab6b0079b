"""How long a piece of work may take before the server would end it, with all that is not committed."""

import threading
import time

from odoo.http import request
from odoo.tools import config

# What follows the work (an answer, a commit) takes time as well
SHARE = 0.7


def make_time_check():
    """Return a function that tells whether the work that begins now should come to its end.

    A server ends a request or a scheduled action by `limit_time_real` and `limit_time_real_cron`, a worker process also by
    `limit_time_cpu`; all in seconds. Nobody ends a shell, and there the function is never true.
    """
    workers = bool(config["workers"])
    if not workers and getattr(threading.current_thread(), "type", None) not in ("http", "cron"):
        return lambda: False
    real, of_cron = config["limit_time_real"], config["limit_time_real_cron"]
    # Less than nothing: as for requests. Nothing: no limit for a worker process, as for requests for a thread
    if not request and of_cron is not None and (of_cron > 0 or (workers and of_cron == 0)):
        real = of_cron
    end = time.monotonic() + SHARE * real if real else float("inf")
    cpu = config["limit_time_cpu"] if workers else 0
    end_cpu = time.process_time() + SHARE * cpu if cpu else float("inf")
    return lambda: time.monotonic() > end or time.process_time() > end_cpu
