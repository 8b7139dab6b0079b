"""The way of a complaint: its steps, its levels, and when a problem counts as come back. Knows no database."""

from datetime import timedelta

LEVELS = ("general", "important", "urgent")
RANK = {level: rank for rank, level in enumerate(LEVELS)}
OPEN = ("received", "confirmed", "classified", "investigated", "solution", "carried_out", "second_callback")
TERMINAL = ("closed", "rejected", "withdrawn", "merged")
# Ends after which a case does not count as one that there was
DISMISSED = ("rejected", "withdrawn", "merged")
# The solution is with the customer: what was proposed stands
SOLVED = ("solution", "carried_out", "second_callback")

# Clocks that the level of a case governs; those of promises and external bodies have their own times
LEVEL_CLOCKS = ("classify", "first_reply", "handle", "solve", "gm_notice", "customer_reply")

# Step: states it starts from, state it leads to
TRANSITIONS = {
    "confirm": (("received",), "confirmed"),
    "classify": (("confirmed",), "classified"),
    "investigate": (("classified",), "investigated"),
    "propose": (("investigated",), "solution"),
    "revise": (("solution",), "investigated"),
    "carry_out": (("solution",), "carried_out"),
    "second_callback": (("carried_out",), "second_callback"),
    "rework": (("second_callback",), "classified"),
    "close": (("second_callback",), "closed"),
    "reject": (("received", "confirmed", "classified", "investigated"), "rejected"),
    "withdraw": (OPEN, "withdrawn"),
    "merge": (("received", "confirmed", "classified"), "merged"),
    "reopen": (("closed", "rejected", "withdrawn"), "classified"),
}
# The natural way on from each state
NEXT_STEP = {
    "received": "confirm",
    "confirmed": "classify",
    "classified": "investigate",
    "investigated": "propose",
    "solution": "carry_out",
    "carried_out": "second_callback",
    "second_callback": "close",
}


def is_higher(level, other):
    """Whether a level is above another one; no level is the lowest."""
    return RANK[level or LEVELS[0]] > RANK[other or LEVELS[0]]


def highest(*levels):
    """The highest of the levels; the lowest there is when none is given."""
    return max(filter(None, levels), key=RANK.get, default=LEVELS[0])


def one_higher(level):
    """The level above; the highest stays."""
    return LEVELS[min(RANK[level] + 1, len(LEVELS) - 1)]


def propose_level(kind_level, *, is_safety, is_external, is_outside, is_repeated, is_recurrence):
    """Propose a level by rule: kind, lane and channel set the least, repetition raises by one each.

    :return: level, and the codes of the rules that made it so
    """
    level = highest(kind_level)
    rules = ["kind"] if level != LEVELS[0] else []
    if is_safety:
        level = "urgent"
        rules.append("safety")
    if is_external:
        level = "urgent"
        rules.append("external")
    if is_outside:
        level = highest(level, "important")
        rules.append("outside")
    if is_repeated:
        level = one_higher(level)
        rules.append("repeated")
    if is_recurrence:
        level = one_higher(level)
        rules.append("recurrence")
    return level, rules


def is_near(date, date_before, days, odometer, odometer_before, distance):
    """Whether a problem lies close enough to the one before it, in days or in kilometres, to be the same one again."""
    if date_before >= date - timedelta(days=days):
        return True
    return bool(odometer and odometer_before and 0 <= odometer - odometer_before <= distance)


def is_own_text(text, earlier):
    """Whether a text says something, and something else than the earlier one; case and spaces do not count."""
    own, other = (" ".join((part or "").split()).lower() for part in (text, earlier))
    return bool(own) and own != other


def has_word(text, words):
    """Whether one of the words, a list with commas (also full-width ones), stands in the text."""
    text = (text or "").lower()
    listed = (word.strip().lower() for word in (words or "").replace("\uff0c", ",").split(","))
    return any(word in text for word in listed if word)
