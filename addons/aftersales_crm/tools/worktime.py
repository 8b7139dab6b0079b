"""Working time as whole seconds: the arithmetic under every clock.

Nothing here knows Odoo. A working calendar is a sorted list of disjoint intervals in epoch seconds, each with the local
day it belongs to. Two measures live on it: working *seconds*, and working *days*, where each second of a day weighs one
part of that very day's length, so that half a day on a short Saturday is half of a short Saturday (DOMAIN.md, section 4:
"half a working day").

Exact boundaries: an amount that is used up at the last second of an interval is due then, not at the start of the next
interval. Whole seconds and fractions keep float residue out.
"""

from bisect import bisect_left, bisect_right
from fractions import Fraction
from itertools import accumulate


class WorkTime:
    """Working time of one calendar over one span.

    :param intervals: sorted, disjoint ``(start, end, day)``: epoch seconds (int) and the ordinal of the local day
    :param span: ``(start, end)`` epoch seconds for which the intervals are complete
    """

    def __init__(self, intervals, span):
        self.span = span
        self.starts = [start for start, _end, _day in intervals]
        self.ends = [end for _start, end, _day in intervals]
        # Working seconds before each interval
        self.before = [0, *accumulate(end - start for start, end, _day in intervals)]
        self.days = []  # ordinals of the days that have working time
        self.day_before = []  # working seconds before each of those days
        for position, (_start, _end, day) in enumerate(intervals):
            if not self.days or self.days[-1] != day:
                self.days.append(day)
                self.day_before.append(self.before[position])
        self.day_before.append(self.before[-1])

    @property
    def total(self):
        """Working seconds in the whole span."""
        return self.before[-1]

    def position(self, instant):
        """Working seconds of the span before `instant` (epoch seconds)."""
        index = bisect_right(self.starts, instant) - 1
        if index < 0:
            return 0
        return self.before[index] + min(instant, self.ends[index]) - self.starts[index]

    def instant(self, position):
        """First instant at which `position` working seconds of the span are used, or None beyond its end."""
        if position > self.total:
            return None
        if position <= 0:
            return self.starts[0] if self.starts else None
        # The interval that *contains or ends at* the position: the left side keeps exact boundaries at the end
        index = bisect_left(self.before, position) - 1
        return self.starts[index] + position - self.before[index]

    def seconds(self, start, end):
        """Working seconds in ``[start, end)``; 0 when `end` is not after `start`."""
        return max(0, self.position(end) - self.position(start))

    def add_seconds(self, start, seconds):
        """Instant at which `seconds` of working time have passed since `start`, or None beyond the span."""
        if seconds <= 0:
            return start
        return self.instant(self.position(start) + seconds)

    def shift(self, instant, seconds):
        """`instant` moved by working seconds, backwards when negative; the span's start at the earliest."""
        if seconds >= 0:
            return self.add_seconds(instant, seconds)
        position = self.position(instant) + seconds
        return self.instant(position) if position > 0 else self.span[0]

    # ------------------------------------------------------------
    # WORKING DAYS
    # ------------------------------------------------------------

    def day_position(self, instant):
        """Working days (Fraction) of the span before `instant`."""
        position = self.position(instant)
        index = bisect_right(self.day_before, position) - 1
        if index >= len(self.days):
            return Fraction(len(self.days))
        length = self.day_before[index + 1] - self.day_before[index]
        return index + Fraction(position - self.day_before[index], length)

    def day_count(self, start, end):
        """Working days (Fraction) in ``[start, end)``."""
        return max(Fraction(0), self.day_position(end) - self.day_position(start))

    def add_days(self, start, days):
        """Instant at which `days` working days (Fraction) have passed since `start`, or None beyond the span.

        Rounded up to the whole second.
        """
        if days <= 0:
            return start
        target = self.day_position(start) + days
        if target > len(self.days):
            return None
        index = int(target)
        if index == target:
            return self.instant(self.day_before[index])
        length = self.day_before[index + 1] - self.day_before[index]
        return self.instant(self.day_before[index] - (-(target - index) * length).__floor__())

    def is_working_day(self, day):
        """Whether the local day (ordinal) has working time."""
        index = bisect_left(self.days, day)
        return index < len(self.days) and self.days[index] == day


class Calendar24:
    """Every second counts: the measure of clocks in calendar hours. One day is 24 hours."""

    def seconds(self, start, end):
        return max(0, end - start)

    def add_seconds(self, start, seconds):
        return start + max(0, seconds)

    def shift(self, instant, seconds):
        return instant + seconds

    def day_count(self, start, end):
        return Fraction(self.seconds(start, end), 86400)

    def add_days(self, start, days):
        return start + max(0, -((-days * 86400).__floor__()))
