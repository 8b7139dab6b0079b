"""The plan of a month against an independent checker and an exhaustive optimum (DOMAIN.md, section 4).

What is proven is the whole way from the candidates to agent and day, `tools/candidates.py` and `tools/planner.py`: no
forbidden call, none lost, none twice, each inside its window or reported as a shortage, loads level.
"""

import importlib.util
import itertools
import sys
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

TOOLS = Path(__file__).parent.parent / "addons" / "aftersales_crm" / "tools"


def load_package(name):
    """The pure tools as a package of their own, so that they find each other without Odoo."""
    spec = importlib.util.spec_from_file_location(name, TOOLS / "__init__.py", submodule_search_locations=[str(TOOLS)])
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


load_package("plan_tools")
candidates = importlib.import_module("plan_tools.candidates")
planner = importlib.import_module("plan_tools.planner")

# A month ends in between: a customer may have a call in each of two months
TODAY = date(2026, 3, 30)
PARTS = ("morning", "afternoon", "evening")
SPREAD, COOLDOWN = timedelta(days=4), timedelta(days=3)


def day(number):
    """A day of the month, counted from today."""
    return TODAY + timedelta(days=number)


@st.composite
def boards(draw, agents=3, days=8, capacities=(1, 2, 5)):
    """Agents and their days: part-time capacities, days away, hours that cover only part of a day."""
    return [
        planner.Slot(
            agent,
            day(number),
            draw(st.sampled_from(capacities)),
            frozenset(draw(st.sets(st.sampled_from(PARTS), min_size=1))),
        )
        for agent in range(1, agents + 1)
        for number in range(days)
        if draw(st.booleans())
    ]


@st.composite
def months(draw):
    """What a plan looks at: orders and absent cars of a few customers, and calls that stand from an earlier plan."""
    rows = []
    for number in range(draw(st.sampled_from([16, 12, 8, 4, 1, 0]))):
        due = draw(st.integers(-6, 8))
        window = draw(st.integers(0, 6))
        standing = draw(st.sampled_from([False, False, False, True])) and due + window >= 0
        row = candidates.new_row(
            kind=draw(st.sampled_from(["repair", "repair", "absent"])),
            partner_id=draw(st.sampled_from([1, 2, 3, 4, 5, 6, 1, 2, 3, None])),
            date_due=day(due),
            date_expiry=day(due + window),
            time_preference=draw(st.sampled_from(["any", "any", *PARTS])),
            involved=frozenset(draw(st.sets(st.sampled_from([1, 2, 3, 99]), max_size=3))),
            callback_consent=draw(st.sampled_from(["yes", "yes", "yes", "yes", "no", "not_asked"])),
            has_phone=draw(st.sampled_from([True, True, True, True, True, False])),
        )
        if standing:
            row.update(
                callback_id=number + 1,
                partner_id=row["partner_id"] or 10,
                reason_code="in_planned",
                is_included=True,
                first=max(TODAY, row["date_due"]),
                user_id=draw(st.sampled_from([None, 1, 2, 3])),
                date_planned=draw(st.sampled_from([None, day(-1), day(0), day(2), day(5)])),
                is_movable=draw(st.sampled_from([True, True, True, False])),
            )
        rows.append(row)
    rows.sort(key=lambda row: row["callback_id"] is None)
    return rows


@st.composite
def knowledge(draw):
    """What is known of the customers: consents, refusals, calls of this month, the last call."""
    people = st.integers(1, 6)
    return {
        "blocked": draw(st.sets(people, max_size=2)),
        "given": draw(st.sets(people)),
        "months": {(person, "repair", 2026, 3) for person in draw(st.sets(people, max_size=2))},
        "busy": {person: day(draw(st.integers(-4, 4))) for person in draw(st.sets(people, max_size=3))},
        "absent_left": draw(st.integers(0, 4)),
    }


def may_be_called(row, known):
    """The rule of DOMAIN.md, said once more in other words: whether this new candidate may be called at all."""
    person = row["partner_id"]
    if person is None or person in known["blocked"] or not row["has_phone"]:
        return False
    asked = {"yes": True, "no": False}.get(row["callback_consent"]) if row["kind"] == "repair" else None
    return person in known["given"] if asked is None else asked


@settings(max_examples=200, deadline=None)
@given(months(), boards(), knowledge())
def test_month_keeps_the_rules(rows, slots, known):
    """Nobody who may not be called, nobody twice, nobody lost; each at a place that is open to it, or reported."""
    before = [dict(row) for row in rows]
    busy = dict(known["busy"])
    candidates.Judge(today=TODAY, cooldown=COOLDOWN, called=set(), **{**known, "months": set(known["months"])}).judge(
        rows
    )
    calls, standing = candidates.calls_to_place(rows, slots, SPREAD)
    loaded = [planner.Slot(s.agent, s.day, s.capacity, s.parts, standing[s.agent, s.day]) for s in slots]
    candidates.put_in_place(rows, planner.plan_calls(calls, loaded))

    places = {(slot.agent, slot.day): slot for slot in slots}
    loads, taken, placed = Counter(), Counter(), {}
    for row, old in zip(rows, before, strict=True):
        assert row["reason_code"], "each candidate is in or out for a stated reason"
        new = old["reason_code"] is None
        if row["is_included"] and new:
            assert may_be_called(row, known), f"{row['reason_code']} for a customer who must not be called"
            taken[row["partner_id"], row["kind"], row["date_due"].year, row["date_due"].month] += 1
        if not row["is_included"]:
            assert row["reason_code"].startswith("out_")
            assert row["user_id"] is None and row["date_planned"] is None and not row["is_short"]
            continue
        if row["reason_code"] == "in_missed":
            assert row["date_expiry"] < TODAY, "missed only when the window is over"
            continue
        if old["callback_id"] and not old["is_movable"]:
            assert (row["user_id"], row["date_planned"]) == (old["user_id"], old["date_planned"]), "not moved"
            loads[row["user_id"], row["date_planned"]] += 1
            continue
        if row["is_short"]:
            assert row["user_id"] is None and row["date_planned"] is None
            continue
        assert (row["user_id"], row["date_planned"]) in places, "an agent who works on that day"
        assert row["user_id"] not in row["involved"], "not by the advisor or a technician"
        assert max(TODAY, row["date_due"]) <= row["date_planned"] <= row["date_expiry"], "inside the window"
        if new and row["partner_id"] in busy:
            assert row["date_planned"] >= busy[row["partner_id"]] + COOLDOWN, "not in the quiet days after another call"
        loads[row["user_id"], row["date_planned"]] += 1
        if new:
            for other in placed.get(row["partner_id"], ()):
                assert abs(row["date_planned"] - other) >= COOLDOWN, "two calls of a customer in the same days"
            placed.setdefault(row["partner_id"], []).append(row["date_planned"])
    assert not [key for key, count in taken.items() if count > 1], "one call of a kind a month"
    assert not {key for key in taken if key in known["months"]}, "no second call beside one of another plan"
    new_loads = Counter((row["user_id"], row["date_planned"]) for row in rows if "load" in row)
    for place, count in new_loads.items():
        assert loads[place] <= max(places[place].capacity, loads[place] - count), (
            "nobody has more calls than the day takes"
        )
    # A shortage is a shortage: no slot open to that call has room left.
    for row in rows:
        if row["is_short"]:
            open_places = [
                place
                for place, slot in places.items()
                if row["first"] <= slot.day <= row["date_expiry"] and slot.agent not in row["involved"]
            ]
            assert all(loads[place] >= places[place].capacity for place in open_places)


@settings(max_examples=80, deadline=None)
@given(months(), boards(), knowledge())
def test_plan_of_the_plan_changes_nothing(rows, slots, known):
    """What has been placed once stands: planning again with the same knowledge moves nothing."""
    candidates.Judge(today=TODAY, cooldown=COOLDOWN, **known).judge(rows)
    calls, standing = candidates.calls_to_place(rows, slots, SPREAD)
    loaded = [planner.Slot(s.agent, s.day, s.capacity, s.parts, standing[s.agent, s.day]) for s in slots]
    candidates.put_in_place(rows, planner.plan_calls(calls, loaded))
    planned = [row for row in rows if row["is_included"] and row["reason_code"] != "in_missed"]
    for number, row in enumerate(planned):
        row.update(callback_id=row["callback_id"] or 100 + number, is_movable=row.get("is_movable", True))
    where = [(row["user_id"], row["date_planned"]) for row in planned]
    calls, standing = candidates.calls_to_place(planned, slots, SPREAD)
    assert {call.key for call in calls} == {number for number, row in enumerate(planned) if row["is_short"]}
    loaded = [planner.Slot(s.agent, s.day, s.capacity, s.parts, standing[s.agent, s.day]) for s in slots]
    candidates.put_in_place(planned, planner.plan_calls(calls, loaded))
    assert [(row["user_id"], row["date_planned"]) for row in planned] == where


@st.composite
def small_cases(draw):
    """A few calls and slots, so that every way to place them can be tried."""
    slots = [
        planner.Slot(agent, day(number), draw(st.integers(1, 3)))
        for agent in (1, 2)
        for number in range(draw(st.integers(1, 3)))
    ]
    calls = []
    for key in range(draw(st.integers(0, 5))):
        first = draw(st.integers(0, 2))
        last = day(first + draw(st.integers(0, 2)))
        calls.append(
            planner.Call(key, day(first), last, last, excluded=frozenset(draw(st.sets(st.sampled_from([1, 2])))))
        )
    return calls, slots


@settings(max_examples=200, deadline=None)
@given(small_cases())
def test_plan_is_the_optimum_of_all_plans(case):
    """As many calls as any plan places, and of those plans the most even one: no other has a smaller sum of squares."""
    calls, slots = case
    options = [
        [None, *(n for n, s in enumerate(slots) if call.first <= s.day <= call.latest and s.agent not in call.excluded)]
        for call in calls
    ]
    best = min(
        (
            -sum(choice is not None for choice in way),
            round(
                sum(count**2 / slots[n].capacity for n, count in Counter(c for c in way if c is not None).items()), 6
            ),
        )
        for way in itertools.product(*options)
        if all(count <= slots[n].capacity for n, count in Counter(c for c in way if c is not None).items())
    )
    plan = planner.plan_calls(calls, slots)
    capacity = {(slot.agent, slot.day): slot.capacity for slot in slots}
    loads = Counter((placement.agent, placement.day) for placement in plan.placements.values())
    assert (-len(plan.placements), round(sum(n**2 / capacity[place] for place, n in loads.items()), 6)) == best
    assert len(plan.placements) + len(plan.short) == len(calls)


@settings(max_examples=100, deadline=None)
@given(boards(agents=4, days=6, capacities=(4,)), st.integers(0, 60), st.data())
def test_equally_available_differ_by_one(slots, count, data):
    """Places of equal capacity that a call could change between hold numbers of calls that differ by at most one."""
    calls = []
    for key in range(count):
        first = data.draw(st.integers(0, 3))
        last = day(first + data.draw(st.integers(0, 4)))
        calls.append(
            planner.Call(
                key, day(first), last, last, excluded=frozenset(data.draw(st.sets(st.integers(1, 4), max_size=1)))
            )
        )
    plan = planner.plan_calls(calls, slots)
    for call in calls:
        placement = plan.placements.get(call.key)
        for slot in slots if placement else ():
            if call.first <= slot.day <= call.latest and slot.agent not in call.excluded:
                gap = plan.loads[placement.agent, placement.day] - plan.loads[slot.agent, slot.day]
                assert gap <= 1, f"{gap} more calls than on {slot.day} with agent {slot.agent}"
