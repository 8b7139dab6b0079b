"""What a running month will come to. Knows no database.

The rule is simple enough to be reckoned after on paper: what is counted so far, and for the working time that is left
the pace of this month. In the first fifth of a month its pace rests on little: there the pace of the last month fills
up what is missing to that fifth.
"""

from fractions import Fraction

#: Share of a month's working time from which its own pace is trusted alone
TRUSTED = Fraction(1, 5)


def expected_count(count, gone, before=None, known=0):
    """The count at the end of the month, rounded half up; None where nothing can be said yet.

    :param int count: counted so far
    :param Fraction gone: share of the month's working time that has passed, 0 to 1
    :param before: the count of the whole last month, or None when it is not known
    :param int known: what is sure already (entered for later days of the month): never less than this
    """
    if gone >= 1:
        return max(count, known)
    borrowed = max(TRUSTED - gone, Fraction(0)) if before is not None else Fraction(0)
    weight = gone + borrowed
    if not weight:
        return known or None
    pace = (count + (before or 0) * borrowed) / weight
    whole = count + pace * (1 - gone)
    return max((2 * whole.numerator + whole.denominator) // (2 * whole.denominator), known)


def expected_rate(numerator, denominator):
    """The two counts at the month's end, where a rate is made of what is a part of the other: never above all."""
    if numerator is None or denominator is None:
        return None
    return min(numerator, denominator), denominator
