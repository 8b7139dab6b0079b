"""Parts of the day, and spans of working time in epoch seconds."""

from datetime import datetime

PARTS = ("morning", "afternoon", "evening")


def part_of_day(hour):
    """The part of the day in which an hour lies."""
    return PARTS[0] if hour < 12 else PARTS[1] if hour < 18 else PARTS[2]


def parts_of_day(spans, tz):
    """The parts of the day that the spans touch; a span lies in one day."""
    touched = set()
    for start, end in spans:
        first, last = (part_of_day(datetime.fromtimestamp(second, tz).hour) for second in (start, end - 1))
        touched.update(PARTS[PARTS.index(first) : PARTS.index(last) + 1])
    return frozenset(touched)


def subtract(spans, others):
    """Spans without the parts that lie in `others`."""
    result = list(spans)
    for begin, stop in others:
        result = [
            part
            for start, end in result
            for part in ((start, min(end, begin)), (max(start, stop), end))
            if part[0] < part[1]
        ]
    return result
