"""Plain rules of corrective actions: states, the rungs of the overdue ladder, shares. Knows no database."""

from datetime import timedelta

# A deadline runs
WORKING = ("submitted", "signed", "in_progress")
ENDED = ("verified", "closed", "cancelled")


def due_rungs(deadline, today, days_before, days_to_gm):
    """The rungs of the overdue ladder that are due by today, in the order in which they are climbed."""
    starts = {
        "before": deadline - timedelta(days=days_before),
        "overdue": deadline + timedelta(days=1),
        "gm": deadline + timedelta(days=1 + days_to_gm),
    }
    return [rung for rung, start in starts.items() if start <= today]


def percent(count, n):
    """A share in percent; nothing out of nothing is 0, and its n says so."""
    return 100.0 * count / n if n else 0.0


def show_share(value, count, n, unit="%"):
    """A share as a person reads it, with what it is a share of."""
    return f"{value:.1f} {unit} ({count}/{n})" if n else "\u2013 (n = 0)"
