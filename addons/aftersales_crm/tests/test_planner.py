import itertools
import random
from datetime import date, timedelta

from odoo.tests import BaseCase, tagged

from ..tools.planner import ALL_PARTS, Call, Slot, plan_calls

START = date(2026, 3, 2)


def _day(number):
    return START + timedelta(days=number)


def _best(calls, slots):
    """Exhaustive optimum of a small plan: most calls placed, then lowest sum of load² / capacity."""
    choices = [
        [None] + [n for n, s in enumerate(slots) if s.agent not in call.excluded and call.first <= s.day <= call.latest]
        for call in calls
    ]
    best = None
    for combination in itertools.product(*choices):
        loads = [slot.load for slot in slots]
        for number in combination:
            if number is not None:
                loads[number] += 1
        if all(load <= slot.capacity for load, slot in zip(loads, slots, strict=True)):
            placed = sum(number is not None for number in combination)
            cost = sum(load * load / slot.capacity for load, slot in zip(loads, slots, strict=True))
            best = min(best or (1, 0), (-placed, round(cost, 6)))
    return best


@tagged("post_install", "-at_install")
class TestPlanner(BaseCase):
    def _check(self, calls, slots):
        """What an independent checker demands of any plan."""
        plan = plan_calls(calls, slots)
        by_key = {call.key: call for call in calls}
        by_place = {(slot.agent, slot.day): slot for slot in slots}
        self.assertEqual(sorted([*plan.placements, *plan.short]), sorted(by_key), "none lost, none twice")
        loads = {place: slot.load for place, slot in by_place.items()}
        for key, placement in plan.placements.items():
            call = by_key[key]
            self.assertTrue(call.first <= placement.day <= call.latest, "inside its window")
            self.assertNotIn(placement.agent, call.excluded, "not by the advisor or a technician")
            loads[placement.agent, placement.day] += 1
        for place, load in loads.items():
            self.assertLessEqual(load, max(by_place[place].capacity, by_place[place].load), "capacity")
        for key, placement in plan.placements.items():
            call, source = by_key[key], by_place[placement.agent, placement.day]
            if placement.is_late or not placement.is_preference_kept:
                continue
            for place, slot in by_place.items():
                open_to_call = (
                    slot.agent not in call.excluded
                    and call.first <= slot.day <= call.last
                    and (call.preference == "any" or call.preference in slot.parts)
                )
                if open_to_call and slot.capacity == source.capacity:
                    self.assertLessEqual(
                        loads[source.agent, source.day] - loads[place], 1, "equally available: one call at most"
                    )
        return plan, loads

    def test_planner_even(self):
        """Calls open to all spread over agents and days with loads, and sums by agent, that differ by one at most."""
        slots = [Slot(agent, _day(number), 80) for agent in (1, 2, 3) for number in range(7)]
        calls = [Call(number, _day(0), _day(6), _day(6)) for number in range(100)]
        plan, loads = self._check(calls, slots)
        self.assertEqual(set(loads.values()), {4, 5})
        sums = [sum(load for (agent, _d), load in loads.items() if agent == wanted) for wanted in (1, 2, 3)]
        self.assertLessEqual(max(sums) - min(sums), 1)
        self.assertFalse(plan.short)

    def test_planner_small_optimum(self):
        """On small cases the plan equals the exhaustive optimum: as many calls, as evenly."""
        for seed in range(250):
            chance = random.Random(seed)
            slots = [
                Slot(agent, _day(number), chance.choice([1, 2, 2, 3]))
                for agent in (1, 2)
                for number in range(chance.choice([1, 2, 3]))
            ]
            calls = []
            for key in range(chance.randint(0, 5)):
                first = chance.randint(0, 2)
                last = first + chance.randint(0, 2)
                excluded = frozenset(agent for agent in (1, 2) if chance.random() < 0.2)
                calls.append(Call(key, _day(first), _day(last), _day(last), excluded=excluded))
            plan, loads = self._check(calls, slots)
            cost = sum(loads[slot.agent, slot.day] ** 2 / slot.capacity for slot in slots)
            self.assertEqual((-len(plan.placements), round(cost, 6)), _best(calls, slots), f"seed {seed}")

    def test_planner_properties(self):
        """Random months with preferences, part-time agents, standing calls and too little room."""
        for seed in range(60):
            chance = random.Random(seed)
            slots = [
                Slot(
                    agent,
                    _day(number),
                    chance.choice([5, 5, 10]),
                    chance.choice([ALL_PARTS, frozenset({"morning"}), frozenset({"afternoon"})]),
                    chance.choice([0, 0, 2]),
                )
                for agent in range(4)
                for number in range(14)
                if chance.random() < 0.8
            ]
            calls = []
            for key in range(chance.randint(0, 400)):
                first = chance.randint(0, 10)
                last = first + chance.randint(0, 5)
                calls.append(
                    Call(
                        key,
                        _day(first),
                        _day(last),
                        _day(last + 3),
                        chance.choice(["any", "any", "morning", "afternoon", "evening"]),
                        frozenset(agent for agent in range(4) if chance.random() < 0.1),
                    )
                )
            plan, _loads = self._check(calls, slots)
            self.assertEqual(plan, plan_calls(calls, slots), "the same input gives the same plan")

    def test_planner_makes_room(self):
        """A call that could go elsewhere moves aside for one that cannot."""
        slots = [Slot(1, _day(0), 1), Slot(1, _day(1), 1)]
        calls = [Call("free", _day(0), _day(1), _day(1)), Call("bound", _day(0), _day(0), _day(0))]
        plan, _loads = self._check(calls, slots)
        self.assertEqual(plan.placements["bound"].day, _day(0))
        self.assertEqual(plan.placements["free"].day, _day(1))

    def test_planner_shortage(self):
        """What does not fit is named, never dropped; first the days kept for retries are used."""
        slots = [Slot(1, _day(number), 2) for number in range(3)]
        calls = [Call(number, _day(0), _day(0), _day(1)) for number in range(5)]
        plan, _loads = self._check(calls, slots)
        self.assertEqual(len(plan.short), 1)
        self.assertEqual(sum(placement.is_late for placement in plan.placements.values()), 2)

    def test_planner_preference(self):
        """A preferred time is honoured as long as somebody works then, and given up before the call is."""
        slots = [Slot(1, _day(0), 9, frozenset({"morning"})), Slot(2, _day(0), 9, frozenset({"afternoon"}))]
        calls = [
            Call("am", _day(0), _day(0), _day(0), "morning"),
            Call("pm", _day(0), _day(0), _day(0), "afternoon"),
            Call("late", _day(0), _day(0), _day(0), "evening"),
        ]
        plan, _loads = self._check(calls, slots)
        self.assertEqual(plan.placements["am"].agent, 1)
        self.assertEqual(plan.placements["pm"].agent, 2)
        self.assertFalse(plan.placements["late"].is_preference_kept)
