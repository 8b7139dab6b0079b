"""The ledger of a clock, read event by event."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from .raw import Row

HOURS = {"hour": 1, "day": 24}


@dataclass
class Reading:
    """What a ledger says. Time that the clock was granted is known here for calendar time only."""

    state: str = ""
    stopped: datetime | None = None
    recorded: bool = False
    reckoned: bool = False
    granted: timedelta | None = None
    used: timedelta = timedelta()
    since: datetime | None = None
    due: datetime | None = None

    @property
    def breached(self) -> bool:
        """Whether the deadline passed while the clock ran."""
        return self.recorded or self.reckoned

    def deadline(self) -> datetime | None:
        """Return when the time is (or, of a stopped clock, was) used up; None when it is working time, or paused."""
        if self.state == "running" and self.granted is not None and self.since is not None:
            return self.since + self.granted - self.used
        return self.due if self.state == "stopped" else None

    def hold(self, moment: datetime) -> None:
        """Stop counting at a moment, and see whether the time was used up before."""
        self.due = None
        if self.since is not None:
            self.due = self.since + self.granted - self.used if self.granted is not None else None
            self.used += moment - self.since
            self.since = None
            self.reckoned |= self.granted is not None and self.used > self.granted


def replay(events: Iterable[Row]) -> Reading:
    """Read a ledger, its events in the order of their time."""
    clock = Reading()
    for event in events:
        moment = event.date_event
        if event.kind == "breach":
            clock.recorded = True
            continue
        if event.kind in ("pause", "stop", "change"):
            clock.hold(moment)
        if event.kind in ("start", "change") and event.amount:
            calendar = event.time_kind == "calendar"
            clock.granted = timedelta(hours=float(event.amount) * HOURS[event.unit]) if calendar else None
        if event.kind in ("start", "resume", "reopen"):
            clock.state, clock.since, clock.stopped = "running", moment, None
        elif event.kind == "change" and clock.state == "running":
            clock.since = moment
        elif event.kind == "pause":
            clock.state = "paused"
        elif event.kind == "stop":
            clock.state, clock.stopped = "stopped", moment
    return clock
