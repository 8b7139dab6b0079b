"""The clock, the dice, and what is still to happen."""

from __future__ import annotations

import heapq
import itertools
import random
import traceback
from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, time, timedelta, timezone
from time import monotonic
from typing import Any
from zoneinfo import ZoneInfo

#: Modules that need the real time while the stores' time stands still.
REAL_TIME = ["logging", "threading", "odoo.sql_db", "odoo.tools.profiler", "odoo.modules.loading", __name__]
QUIET = {"mail_activity_quick_update": True, "mail_notify_force_send": False, "lang": "en_US"}


def utc(day: date, zone: ZoneInfo, hour: float = 9.0) -> datetime:
    """Return the naive UTC moment of a wall clock in a zone."""
    local = datetime.combine(day, time(), zone) + timedelta(hours=hour)
    return local.astimezone(timezone.utc).replace(tzinfo=None)


class Stage:
    """Plays planned steps in the order of time, each in a savepoint of its own."""

    def __init__(self, env: Any, frozen: Any, seed: int, opening: datetime, end: datetime) -> None:
        self.root = env(context={**env.context, **QUIET})
        self.frozen = frozen
        self.dice = random.Random(seed)
        self.end = end
        self.done: Counter[str] = Counter()
        self.seconds: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        #: Errors that are no rule's refusal: the simulation has failed when there is one.
        self.errors: list[str] = []
        self._envs: dict[int, Any] = {}
        self._queue: list[tuple[datetime, int, str, Callable, tuple]] = []
        self._numbers = itertools.count()
        self.now = opening
        self.move_to(opening)

    def env(self, user: Any) -> Any:
        """Return the environment of a person: own rights, own stores, no superuser."""
        if user.id not in self._envs:
            context = {**QUIET, "tz": user.tz, "allowed_company_ids": user.company_ids.ids}
            self._envs[user.id] = self.root(user=user.id, su=False, context=context)
        return self._envs[user.id]

    def as_user(self, user: Any, records: Any) -> Any:
        """Return the records as a person sees them."""
        return records.with_env(self.env(user))

    def move_to(self, moment: datetime) -> None:
        """Finish what belongs to the moment before, then let the clock show another one."""
        cursor = self.root.cr
        cursor.flush()
        self.now = moment
        self.frozen.move_to(moment)
        # The moment of writing is the moment of the transaction.
        cursor._now = moment

    def commit(self) -> None:
        """Keep what was played so far."""
        self.root.cr.flush()
        self.root.cr.commit()
        self.root.cr._now = self.now

    def at(self, moment: datetime, name: str, function: Callable, *args: Any) -> None:
        """Plan a step; what would happen after the end never happens."""
        if self.now <= moment <= self.end:
            heapq.heappush(self._queue, (moment, next(self._numbers), name, function, args))

    def run(self) -> None:
        """Let everything happen."""
        from odoo.exceptions import UserError

        while self._queue:
            moment, _number, name, function, args = heapq.heappop(self._queue)
            if moment > self.now:
                self.move_to(moment)
            began = monotonic()
            try:
                with self.root.cr.savepoint():
                    function(*args)
                    self.root.cr.flush()
                self.done[name] += 1
            except UserError as error:
                self.refused[f"{name}: {error}"] += 1
            except Exception:
                self.errors.append(f"{name} at {moment}: {traceback.format_exc(limit=-4)}")
            self.seconds[name] += monotonic() - began
        self.move_to(self.end)
