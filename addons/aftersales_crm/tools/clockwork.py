"""What a clock's ledger says: state, time used and deadline, derived from the events alone.

Pure functions over whole epoch seconds; nothing here knows Odoo. The stored values of a clock are a cache of
`reckon()` and can be thrown away and made again at any time.
"""

from dataclasses import dataclass
from fractions import Fraction

# What each event needs the clock to be, and what it makes of it
TRANSITIONS = {
    "start": ({None}, "running"),
    "pause": ({"running"}, "paused"),
    "resume": ({"paused"}, "running"),
    "change": ({"running", "paused"}, None),
    "stop": ({"running", "paused"}, "stopped"),
    "reopen": ({"stopped"}, "running"),
}


class LedgerError(ValueError):
    """An event that the state before it does not allow. `kind` and `state` say which."""

    def __init__(self, kind, state):
        super().__init__(f"{kind} while {state or 'not started'}")
        self.kind = kind
        self.state = state


@dataclass(frozen=True)
class Budget:
    """How much time a policy grants.

    :param amount: hours or days (Fraction or int)
    :param unit: ``hour`` or ``day``
    :param working: True for working time, False for calendar time
    """

    amount: Fraction
    unit: str
    working: bool


@dataclass(frozen=True)
class Event:
    """One row of a ledger: `kind` of TRANSITIONS, `at` epoch seconds, `budget` for start and change."""

    kind: str
    at: int
    budget: Budget | None = None


@dataclass(frozen=True)
class Reckoning:
    """The state of a clock.

    `spans` are the closed running spans; `since` is the start of the open one, None unless running.
    """

    state: str
    budget: Budget
    spans: tuple
    since: int | None
    started: int
    stopped: int | None


def reckon(events):
    """Replay a ledger, sorted by event time.

    :raises LedgerError: when an event does not fit the state before it
    """
    state = budget = since = started = stopped = None
    spans = []
    for event in events:
        allowed, after = TRANSITIONS[event.kind]
        if state not in allowed:
            raise LedgerError(event.kind, state)
        if event.budget is not None:
            budget = event.budget
        if event.kind == "start":
            started = event.at
        if state == "running" and after in ("paused", "stopped"):
            spans.append((since, event.at))
            since = None
        if after == "running":
            since, stopped = event.at, None
        if after == "stopped":
            stopped = event.at
        state = after or state
    return Reckoning(state, budget, tuple(spans), since, started, stopped)


def used(reckoning, time, until, budget=None):
    """Time used until the instant `until`, in the unit of the budget (seconds as int, or days as Fraction)."""
    budget = budget or reckoning.budget
    measure = time.seconds if budget.unit == "hour" else time.day_count
    spans = [(start, min(end, until)) for start, end in reckoning.spans]
    if reckoning.since is not None:
        spans.append((reckoning.since, until))
    return sum((measure(start, end) for start, end in spans if end > start), Fraction(0))


def reached_at(reckoning, time, budget=None):
    """Instant at which the running time reaches the budget: the deadline.

    None when it was never reached and the clock does not run, and when the calendar ends before.
    """
    budget = budget or reckoning.budget
    if budget.unit == "hour":
        left = budget.amount * 3600
        left = -((-left).__floor__())
        measure, add = time.seconds, time.add_seconds
    else:
        left = Fraction(budget.amount)
        measure, add = time.day_count, time.add_days
    for start, end in reckoning.spans:
        amount = measure(start, end)
        if (amount >= left and left > 0) or left <= 0:
            return add(start, left)
        left -= amount
    return None if reckoning.since is None else add(reckoning.since, left)
