"""Spread calls over agents and working days. Pure Python: knows neither Odoo nor a database.

What is promised, and by which means:

* Every call that fits is placed (augmenting paths: a call moves aside when that makes room for another one).
* Loads are level: no chain of moves of calls inside their windows lowers the load of one slot at the price of a slot
  that is at least two calls emptier. So two slots that could serve the same calls differ by at most one. Slots of
  unequal capacity are levelled by the share of their capacity that is used.
* Equally available agents differ by at most one over the whole plan, as far as an exchange between equally good
  plans allows it.
* The same input gives the same plan.

Calls with the same window, preference and excluded agents are one class, so that the work grows with the number of
classes and slots, and only the first filling with the number of calls.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from heapq import heapify, heappop, heapreplace

from .daytime import PARTS

ALL_PARTS = frozenset(PARTS)


@dataclass(frozen=True)
class Slot:
    """One agent on one working day."""

    agent: int
    day: date
    capacity: int
    parts: frozenset = ALL_PARTS  # the parts of the day in which the agent works
    load: int = 0  # calls that stand and are not moved


@dataclass(frozen=True)
class Call:
    key: object
    first: date
    last: date  # the call is placed until here if there is room,
    latest: date  # else until here
    preference: str = "any"
    excluded: frozenset = frozenset()  # agents who must not make this call


@dataclass
class Plan:
    placements: dict = field(default_factory=dict)  # key -> Placement
    short: list = field(default_factory=list)  # keys without room
    loads: dict = field(default_factory=dict)  # (agent, day) -> calls


@dataclass(frozen=True)
class Placement:
    agent: int
    day: date
    is_late: bool  # after `last`, because the days before are full
    is_preference_kept: bool


def plan_calls(calls, slots):
    """Place `calls` in `slots`.

    :param iterable[Call] calls: the earlier ones get the earlier days of their class
    :param iterable[Slot] slots: one per agent and day
    :return: Plan
    """
    board = _Board(slots)
    classes = defaultdict(list)
    for call in calls:
        classes[call.first, call.last, call.latest, call.preference, call.excluded].append(call.key)
    groups = [board.group(*shape, keys) for shape, keys in sorted(classes.items(), key=lambda item: _order(item[0]))]
    # First where every wish is met, then against the preferred time, then in the days kept for retries.
    for tier in range(3):
        waiting = [group for group in groups if group.waiting]
        for group in waiting:
            group.widen(tier)
        for group in sorted(waiting, key=lambda g: (g.mask.bit_count(), g.number)):
            board.fill(group)
        for group in waiting:
            board.make_room(group)
        board.level()
    board.level_agents()
    return board.result(groups)


def _order(shape):
    first, last, latest, preference, excluded = shape
    return (latest, last, first, preference, sorted(excluded))


class _Group:
    """The calls of one class, and how many of them sit in which slot."""

    def __init__(self, number, shape, keys, tiers):
        self.number = number
        self.first, self.last, self.latest, self.preference = shape
        self.keys = keys
        self.tiers = tiers
        self.mask = 0
        self.waiting = len(keys)
        self.seats = defaultdict(int)

    def widen(self, tier):
        self.mask = self.tiers[tier]


class _Board:
    def __init__(self, slots):
        self.slots = sorted((slot for slot in slots if slot.capacity > 0), key=lambda slot: (slot.day, slot.agent))
        self.capacity = [slot.capacity for slot in self.slots]
        self.load = [slot.load for slot in self.slots]
        self.groups = []
        self.sitting = [0] * len(self.slots)  # groups with calls in the slot, a bit each

    def group(self, first, last, latest, preference, excluded, keys):
        wished = comfortable = possible = 0
        for number, slot in enumerate(self.slots):
            if slot.agent in excluded or not first <= slot.day <= latest:
                continue
            possible |= 1 << number
            if slot.day <= last:
                comfortable |= 1 << number
                if preference == "any" or preference in slot.parts:
                    wished |= 1 << number
        group = _Group(len(self.groups), (first, last, latest, preference), keys, (wished, comfortable, possible))
        self.groups.append(group)
        return group

    # Filling ------------------------------------------------------------

    def _cost_of_one_more(self, slot):
        return (2 * self.load[slot] + 1) / self.capacity[slot]

    def _gain_of_one_less(self, slot):
        return (2 * self.load[slot] - 1) / self.capacity[slot]

    def fill(self, group):
        heap = [(self._cost_of_one_more(slot), slot) for slot in _bits(group.mask) if self._has_room(slot)]
        heapify(heap)
        while group.waiting and heap:
            slot = heap[0][1]
            self._seat(group, slot, 1)
            group.waiting -= 1
            if self._has_room(slot):
                heapreplace(heap, (self._cost_of_one_more(slot), slot))
            else:
                heappop(heap)

    def make_room(self, group):
        """Seat the waiting calls of a group by moving others aside."""
        while group.waiting:
            reach = self._reach(group.mask)
            free = [slot for slot in _bits(reach.mask) if self._has_room(slot)]
            if not free:
                return
            target = min(free, key=lambda slot: (self._cost_of_one_more(slot), slot))
            start, amount = self._walk(reach, target, min(group.waiting, self.capacity[target] - self.load[target]))
            self._seat(group, start, amount)
            group.waiting -= amount

    def _has_room(self, slot):
        return self.load[slot] < self.capacity[slot]

    def _seat(self, group, slot, amount):
        self.load[slot] += amount
        group.seats[slot] += amount
        if group.seats[slot]:
            self.sitting[slot] |= 1 << group.number
        else:
            del group.seats[slot]
            self.sitting[slot] &= ~(1 << group.number)

    # Chains of moves ----------------------------------------------------

    def _reach(self, start_mask):
        """Every slot that can be unburdened to from the start, with the move that leads there."""
        reach = _Reach(start_mask)
        queue = list(_bits(start_mask))
        seen = 0
        for slot in queue:
            # Later slots of the same group lead nowhere new: all its slots are reached from here.
            unseen = self.sitting[slot] & ~seen
            seen |= unseen
            for number in _bits(unseen):
                group = self.groups[number]
                fresh = group.mask & ~reach.mask
                reach.mask |= fresh
                for target in _bits(fresh):
                    reach.came[target] = (slot, group)
                    queue.append(target)
        return reach

    def _walk(self, reach, target, most):
        """Move up to `most` calls along the chain that ends in `target`; return its first slot and the amount."""
        chain, slot = [], target
        while slot in reach.came:
            source, group = reach.came[slot]
            chain.append((source, slot, group))
            slot = source
        amount = min([most, *(group.seats[source] for source, _slot, group in chain)])
        for source, to, group in chain:
            self._seat(group, source, -amount)
            self._seat(group, to, amount)
        return slot, amount

    def level(self):
        """Move calls until no chain of moves makes the loads more even."""
        moved = True
        while moved:
            moved = False
            settled = 0
            for slot in sorted(range(len(self.slots)), key=lambda s: (-self._gain_of_one_less(s), s)):
                while self.sitting[slot] and not settled >> slot & 1:
                    reach = self._reach(1 << slot)
                    gain = self._gain_of_one_less(slot)
                    free = [s for s in _bits(reach.mask) if s != slot and self._has_room(s)]
                    target = min(free, key=lambda s: (self._cost_of_one_more(s), s), default=None)
                    if target is None or gain <= self._cost_of_one_more(target) + 1e-9:
                        # Whatever is reached from here and is no fuller cannot do better either.
                        for other in _bits(reach.mask):
                            if self._gain_of_one_less(other) <= gain:
                                settled |= 1 << other
                        break
                    most = 1
                    if self.capacity[slot] == self.capacity[target]:
                        most = (self.load[slot] - self.load[target]) // 2
                    most = min(most, self.capacity[target] - self.load[target])
                    self._walk(reach, target, max(most, 1))
                    moved = True

    def level_agents(self):
        """Exchange between equally good plans until equally available agents have the same sum, give or take one."""
        slots_of = defaultdict(list)
        for number, slot in enumerate(self.slots):
            slots_of[slot.agent].append(number)
        alike = defaultdict(list)
        for agent, numbers in sorted(slots_of.items()):
            alike[tuple((self.slots[n].day, self.slots[n].capacity) for n in numbers)].append(agent)
        for agents in alike.values():
            for _round in range(len(agents) * len(self.slots)):
                total = {agent: sum(self.load[n] for n in slots_of[agent]) for agent in agents}
                ranked = sorted(agents, key=lambda agent: (-total[agent], agent))
                if total[ranked[0]] - total[ranked[-1]] < 2 or not any(
                    self._shift(slots_of[full], slots_of[empty])
                    for full in ranked
                    for empty in reversed(ranked)
                    if total[full] - total[empty] >= 2
                ):
                    break

    def _shift(self, sources, targets):
        for source in sources:
            wanted = [
                target
                for target in targets
                if self.load[target] == self.load[source] - 1 and self.capacity[target] == self.capacity[source]
            ]
            if not wanted or not self.sitting[source]:
                continue
            reach = self._reach(1 << source)
            for target in wanted:
                if reach.mask >> target & 1:
                    self._walk(reach, target, 1)
                    return True
        return False

    # Result -------------------------------------------------------------

    def result(self, groups):
        plan = Plan()
        for group in groups:
            seats = []
            for number, amount in sorted(group.seats.items()):
                slot = self.slots[number]
                # Round by round over the agents of a day, so that no agent gets all the first ones.
                seats.extend((slot.day, turn, slot.agent, number) for turn in range(amount))
            seats.sort()
            for key, (day, _turn, agent, number) in zip(group.keys, seats, strict=False):
                plan.placements[key] = Placement(
                    agent,
                    day,
                    is_late=day > group.last,
                    is_preference_kept=group.preference == "any" or group.preference in self.slots[number].parts,
                )
            plan.short.extend(group.keys[len(seats) :])
        for slot, load in zip(self.slots, self.load, strict=True):
            plan.loads[slot.agent, slot.day] = load
        return plan


class _Reach:
    def __init__(self, mask):
        self.mask = mask
        self.came = {}


def _bits(mask):
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low
