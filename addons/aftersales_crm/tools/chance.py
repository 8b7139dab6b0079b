"""Is a difference between "before" and "after" more than chance? Two exact tests, as plain arithmetic.

The addon depends on Odoo alone, so that the two formulas stand here. The tests compare them with whole-number arithmetic
over many tables, and with published examples.

**Limits.** Both tests take the cases as independent of each other and ask only whether the two periods differ. They do
not say why: season, another advisor or another price list may have changed as well. With few cases a real improvement
may not show, and who looks at many figures finds one in twenty by chance.
"""

from math import exp, lgamma, log

# From this probability on a difference counts as chance: the usual one in twenty
LEVEL = 0.05
# Two tables whose probabilities differ by less than this are equally likely (floating point)
_SAME = 1 + 1e-7


def fisher(count_before, n_before, count_after, n_after):
    """Two-sided p-value of Fisher's exact test for two shares.

    The sum of the probabilities, all margins given, of every table that is no likelier than the observed one.

    :param int count_before: cases counted among `n_before`, 0 <= count <= n
    :param int count_after: cases counted among `n_after`
    :return: probability in [0, 1], or None where one side has no case to count among
    :raises ValueError: when a count lies outside 0…n
    """
    _check(count_before, n_before)
    _check(count_after, n_after)
    if not n_before or not n_after:
        return None
    hits = count_before + count_after
    low, high = max(0, hits - n_after), min(hits, n_before)
    whole = _log_choose(n_before + n_after, hits)
    weights = [exp(_log_choose(n_before, k) + _log_choose(n_after, hits - k) - whole) for k in range(low, high + 1)]
    return _no_likelier(weights, count_before - low)


def rates(count_before, n_before, count_after, n_after):
    """Two-sided p-value of the exact conditional test for two rates (events per unit), as complaints per order.

    An event is not one of the units, so that the shares' test does not fit. Given all events, those before are
    binomial with the share of the units that lie before.

    :param int count_before: events, 0 or more, not limited by `n_before`
    :param int n_before: units (orders) of the time before
    :return: probability in [0, 1], or None where one side has no unit
    :raises ValueError: when a number is negative
    """
    if min(count_before, n_before, count_after, n_after) < 0:
        raise ValueError("A count cannot be negative.")
    if not n_before or not n_after:
        return None
    events = count_before + count_after
    share = n_before / (n_before + n_after)
    weights = [exp(_log_choose(events, k) + k * log(share) + (events - k) * log(1 - share)) for k in range(events + 1)]
    return _no_likelier(weights, count_before)


def _no_likelier(weights, observed):
    limit = weights[observed] * _SAME
    return min(1.0, sum(weight for weight in weights if weight <= limit))


def _log_choose(n, k):
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)


def _check(count, n):
    if not 0 <= count <= n:
        raise ValueError(f"{count} of {n}: a share counts from 0 to n.")
