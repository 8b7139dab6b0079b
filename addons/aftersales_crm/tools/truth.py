"""How true the recorded answers are: whom to draw for a re-check, and how far two answers agree. Knows no database."""

import math

# Two scores agree when they differ by at most this: a person who says 4 today and 5 tomorrow has not been misquoted.
SCORE_TOLERANCE = 1


def draw_share(items, share, chance):
    """Draw a share of the items at random, each with the same probability.

    The number drawn is `share` of the items, rounded up or down by dice, so that the share holds in the long run for an
    agent with three calls a day as well as for one with eighty.

    :param list items: what may be drawn
    :param float share: between 0 and 1
    :param random.Random chance: the dice; use `random.SystemRandom` where nobody may foresee them
    :return: list, a part of `items`
    """
    wanted = len(items) * min(max(share, 0.0), 1.0)
    whole = math.floor(wanted)
    count = whole + (chance.random() < wanted - whole)
    return chance.sample(items, count)


def agreement(first, second):
    """Compare the answers of two calls to the same questions.

    :param dict first, second: {question: (kind, value)}; kind is `yes_no`, `choice`, `score5`, `score10` or `text`
    :return: (questions compared, questions that agree); texts, and what only one call asked, are not compared
    """
    compared = agreed = 0
    for question, (kind, value) in first.items():
        if kind == "text" or question not in second:
            continue
        other = second[question][1]
        compared += 1
        if kind in ("score5", "score10"):
            agreed += abs(value - other) <= SCORE_TOLERANCE
        else:
            agreed += value == other
    return compared, agreed
