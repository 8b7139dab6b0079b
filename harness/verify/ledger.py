"""Columns that repeat what a ledger says, beside that ledger, as both stand now."""

from __future__ import annotations

from collections.abc import Iterator

from . import clock
from .raw import Raw
from .sources import meaning


def contradictions(raw: Raw) -> Iterator[str]:
    """Give a sentence for each column that contradicts the rows that it sums up."""
    yield from _callbacks(raw)
    for attempt in raw.attempts:
        yield from _differs(
            f"attempt {attempt.id}", "is_reached", attempt.is_reached, attempt.outcome_class == "reached"
        )
    for answer in raw.answers:
        if answer.is_answered:
            good, problem = meaning(answer)
            yield from _differs(f"answer {answer.id}", "is_good", answer.is_good, good)
            yield from _differs(f"answer {answer.id}", "is_problem", answer.is_problem, problem)
            category = answer.category_of_question if problem else None
            yield from _differs(f"answer {answer.id}", "problem_category_id", answer.problem_category_id, category)
    for handle in raw.clocks.values():
        said = clock.replay(raw.events_of.get(handle.id, ()))
        name = f"clock {handle.id}"
        yield from _differs(name, "state", handle.state, said.state)
        yield from _differs(name, "date_stop", handle.date_stop, said.stopped)
        yield from _differs(name, "is_breached", handle.is_breached, said.recorded)
        if said.state == "stopped":
            yield from _differs(name, "result", handle.result, "breached" if said.breached else "met")
    for order in raw.orders.values():
        state = "cancelled" if order.is_cancelled else "delivered" if order.date_out else "open"
        yield from _differs(f"order {order.id}", "state", order.state, state)


def _callbacks(raw: Raw) -> Iterator[str]:
    for callback in raw.callbacks.values():
        name = f"callback {callback.id}"
        attempts = raw.attempts_of.get(callback.id, [])
        completed = any(attempt.next_step == "complete" for attempt in attempts)
        scores = [answer.value_score for answer in raw.answers_of.get(callback.id, ()) if answer.is_satisfaction]
        yield from _differs(name, "is_made", callback.is_made, bool(attempts))
        yield from _differs(name, "is_completed", callback.is_completed, completed)
        yield from _differs(name, "outcome_id", callback.outcome_id, attempts[-1].outcome_id if attempts else None)
        yield from _differs(name, "satisfaction", int(callback.satisfaction or 0), max(scores, default=0))


def _differs(name: str, column: str, stored: object, said: object) -> Iterator[str]:
    if (stored or None) != (said or None):
        yield f"{name}: {column} is {stored!r}, its ledger says {said!r}"
