"""Plays some stores through some months and says what was done."""

from __future__ import annotations

import json
import time
from datetime import date, datetime, timedelta
from typing import Any

from . import cases
from .life import Life
from .reports import Reports
from .stage import QUIET, REAL_TIME, Stage
from .store import found

MARK = "SIMULATED "


def months_before(today: date, count: int) -> list[date]:
    """Return the first days of the last `count` finished months, the earliest first."""
    months = []
    first = today.replace(day=1)
    for _month in range(count):
        first = (first - timedelta(days=1)).replace(day=1)
        months.insert(0, first)
    return months


def run(env: Any, *, stores: int, months: int, seed: int, orders: int) -> None:
    """Play and commit; prints ``MARK`` and what was done as JSON."""
    from freezegun.api import freeze_time

    started = time.monotonic()
    end = datetime.now().replace(microsecond=0)
    span = months_before(end.date(), months)
    opening = datetime.combine(span[0] - timedelta(days=45), datetime.min.time()) + timedelta(hours=2)
    # Everything up to the tenth of the month after: revisions of the last month are in it.
    last = min(end, datetime.combine(end.date().replace(day=1), datetime.min.time()) + timedelta(days=10))
    with freeze_time(opening, ignore=[*REAL_TIME, __name__]) as frozen:
        env = env(user=1, context={**env.context, **QUIET})
        env.company.sudo()
        stage = Stage(env, frozen, seed, opening, last)
        cars = max(20, orders * 2)
        played = [found(stage, number, span, cars) for number in range(stores)]
        one = env["res.company"].union(*(store.company for store in played[:2]))
        # A consultant who works for two stores.
        played[0].first("crc").company_ids = [(6, 0, one.ids)]
        admin = env["res.users"].browse(1)
        admin.company_ids = [(4, store.company.id) for store in played]
        reports = Reports(stage, played)
        reports.plan(span)
        for store in played:
            Life(stage, store, [*span, end.date().replace(day=1)], orders).plan()
            for month in span:
                stage.at(
                    store.moment(month + timedelta(days=4 + store.number), 10), "actions", cases.propose, stage, store
                )
        moment = opening
        while moment < last:
            moment += timedelta(days=2)
            stage.at(moment, "clocks checked", cases.ladder, stage)
        stage.run()
        changed = reports.changed()
        stage.commit()
        written = len(reports.written)
    print(
        MARK
        + json.dumps(
            {
                "done": {name: [count, round(stage.seconds[name], 1)] for name, count in stage.done.items()},
                "refused": dict(stage.refused),
                "errors": stage.errors,
                "reports": written,
                "changed": changed,
                "seconds": round(time.monotonic() - started, 1),
            }
        ),
        flush=True,
    )
