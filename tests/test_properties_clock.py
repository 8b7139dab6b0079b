"""Clocks against an independent reckoner that walks minute by minute (DOMAIN.md, sections 4 and 5).

The pure arithmetic is loaded from its files: what is compared is `tools/worktime.py` and `tools/clockwork.py` with a
second opinion that shares no line and no idea with them.
"""

import importlib.util
import math
import sys
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

TOOLS = Path(__file__).parent.parent / "addons" / "aftersales_crm" / "tools"


def load(name):
    spec = importlib.util.spec_from_file_location(f"clock_tools_{name}", TOOLS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


worktime, clockwork = load("worktime"), load("clockwork")

DAYS = 12
MINUTE, DAY = 60, 86400


@st.composite
def calendars(draw):
    """Working minutes of each day: up to three shifts a day, days off, shifts to midnight."""
    days = []
    for _day in range(DAYS):
        cuts = sorted(draw(st.lists(st.integers(0, 1440), max_size=6, unique=True)))
        days.append([(cuts[i], cuts[i + 1]) for i in range(0, len(cuts) - 1, 2)])
    return days


@st.composite
def ledgers(draw):
    """A legal random life of a clock over the first half of the calendar, in whole minutes."""
    times = sorted(draw(st.lists(st.integers(0, DAYS * 720), min_size=1, max_size=8)))
    events, state = [], None
    for at in times:
        kind = draw(st.sampled_from(sorted(k for k, (before, _) in clockwork.TRANSITIONS.items() if state in before)))
        events.append((kind, at, draw(budgets()) if kind in ("start", "change") else None))
        state = clockwork.TRANSITIONS[kind][1] or state
    return events


@st.composite
def budgets(draw):
    unit = draw(st.sampled_from(["hour", "day"]))
    amount = draw(st.integers(1, 480)) if unit == "hour" else draw(st.integers(1, 60))
    return clockwork.Budget(Fraction(amount, 10), unit, True)


def minute_reckoner(days, events):
    """Walk the minutes: the second at which the last budget is reached, or None.

    A minute counts when its first instant is working and the clock runs in it; in the unit "day" it counts one part of
    the working minutes of its own day.
    """
    working = [set().union(*(range(a, b) for a, b in shifts)) if shifts else set() for shifts in days]
    running, budget, running_minutes = False, None, []
    queue = list(events)
    for minute in range(DAYS * 1440):
        while queue and queue[0][1] == minute:
            kind, _at, new_budget = queue.pop(0)
            budget = new_budget or budget
            running = {"start": True, "resume": True, "reopen": True, "pause": False, "stop": False}.get(kind, running)
        if running and minute % 1440 in working[minute // 1440]:
            running_minutes.append(minute)
    total = Fraction(0)
    for minute in running_minutes:
        weight = Fraction(1, 60) if budget.unit == "hour" else Fraction(1, len(working[minute // 1440]))
        if total + weight >= budget.amount:
            return minute * MINUTE + math.ceil((budget.amount - total) / weight * MINUTE)
        total += weight
    return None


def build(days):
    intervals = [
        (day * DAY + a * MINUTE, day * DAY + b * MINUTE, day) for day, shifts in enumerate(days) for a, b in shifts
    ]
    return worktime.WorkTime(intervals, (0, DAYS * DAY))


@settings(max_examples=2000, deadline=None)
@given(calendars(), ledgers())
def test_deadline_equals_the_minute_by_minute_reckoner(days, events):
    """Whatever happened to a clock, its deadline is the instant at which a walk over the minutes uses up the budget."""
    reckoning = clockwork.reckon([clockwork.Event(kind, at * MINUTE, budget) for kind, at, budget in events])
    assert clockwork.reached_at(reckoning, build(days)) == minute_reckoner(days, events)


@settings(max_examples=500, deadline=None)
@given(calendars(), st.integers(0, DAYS * 1440), st.integers(0, DAYS * 1440))
def test_working_seconds_equal_the_sum_of_minutes(days, start, end):
    """Working time between two instants is the number of working minutes between them."""
    start, end = sorted((start, end))
    working = {day * 1440 + minute for day, shifts in enumerate(days) for a, b in shifts for minute in range(a, b)}
    expected = sum(MINUTE for minute in range(start, end) if minute in working)
    assert build(days).seconds(start * MINUTE, end * MINUTE) == expected


@settings(max_examples=500, deadline=None)
@given(calendars(), st.integers(0, DAYS * 1440), st.integers(1, 4000))
def test_adding_and_measuring_agree(days, start, minutes):
    """The time between a start and its deadline is exactly the time that was granted."""
    time = build(days)
    deadline = time.add_seconds(start * MINUTE, minutes * MINUTE)
    if deadline is None:
        assert time.seconds(start * MINUTE, DAYS * DAY) < minutes * MINUTE
    else:
        assert time.seconds(start * MINUTE, deadline) == minutes * MINUTE
        assert time.seconds(start * MINUTE, deadline - 1) < minutes * MINUTE


@settings(max_examples=500, deadline=None)
@given(calendars(), st.integers(0, DAYS * 1440), st.integers(-600, 600))
def test_a_rung_lies_as_far_from_the_deadline_as_it_says(days, deadline, minutes):
    """A rung before or after a deadline is that much working time away, or at the end of what is known."""
    time = build(days)
    instant = time.shift(deadline * MINUTE, minutes * MINUTE)
    if minutes > 0 and instant is not None:
        assert time.seconds(deadline * MINUTE, instant) == minutes * MINUTE
    elif minutes < 0 and instant != time.span[0]:
        assert time.seconds(instant, deadline * MINUTE) == -minutes * MINUTE


@pytest.mark.parametrize(("amount", "expected"), [(Fraction(1, 2), 11 * 60), (Fraction(1), 16 * 60)])
def test_the_example_of_the_domain(amount, expected):
    """Started on day one at 16:00 of 8-12 and 13-17: half a working day ends at 11:00, one at 16:00 of the next day."""
    days = [[(480, 720), (780, 1020)]] * DAYS
    assert build(days).add_days(16 * 3600, amount) == DAY + expected * MINUTE
