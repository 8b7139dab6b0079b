"""Figures as formulas over a sheet of the frozen rows, from the same conditions that count them. Knows no database.

A measure's condition is a conjunction of columns (``in_base``, ``NOT hit``), comparisons (``state = 'missed'``,
``score > 0``) and ``TRUE``; each becomes one criterion of COUNTIFS or SUMIFS.
"""

import re

from .measures import DIMENSION_COLUMNS, MEASURES, part_source

# The columns of the sheet of frozen rows, in their order
COLUMNS = (
    "source", "res_id", "day", "state", "kind", "order_kind", "level", "case_kind_id", "advisor_key", "user_id", "brand_id",
    "question_key", "problem_category_id", "outcome_id", "score", "in_base", "is_made", "is_called", "is_completed",
    "is_problem", "is_judged", "hit",
)  # fmt: skip
_COMPARISON = re.compile(r"(\w+) (=|>) '?([\w ]+)'?")


def column_letter(name):
    """The letter of a column of the sheet; there are fewer than 27."""
    return "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[COLUMNS.index(name)]


def day_number(day):
    """A day as the sheet has it: 20260930, which no spreadsheet takes for a date."""
    return int(str(day).replace("-", ""))


def criteria(condition):
    """``[(column, criterion)]`` of a measure's condition; ValueError for what a criterion cannot say."""
    found = []
    for part in condition.split(" AND "):
        if part == "TRUE":
            continue
        if match := _COMPARISON.fullmatch(part):
            column, operator, value = match.groups()
            found.append((column, value if operator == "=" else f">{value}"))
        elif part.removeprefix("NOT ") in COLUMNS:
            found.append((part.removeprefix("NOT "), "0" if part.startswith("NOT ") else "1"))
        else:
            raise ValueError(part)
    return found


def part_formula(code, dimension, key, part, sheet, rows):
    """The formula that counts the numerator or the denominator of a figure again.

    :param str sheet: name of the sheet of frozen rows
    :param int rows: how many rows it has, below one row of heads
    :return: formula, or None where the figure is a plain count that is out of nothing
    """
    measure = MEASURES[code]
    condition = measure.numerator if part == "numerator" else measure.denominator
    if condition is None:
        return None
    wanted = [("source", part_source(code, part)), *criteria(condition)]
    column = DIMENSION_COLUMNS[dimension]
    if column and not (part == "denominator" and measure.share):
        wanted.append((column, _key(column, key)))

    def span(name):
        letter = column_letter(name)
        return f"{_quoted(sheet)}!${letter}$2:${letter}${rows + 1}"

    arguments = ",".join(f'{span(name)},"{_text(criterion)}"' for name, criterion in wanted)
    if measure.unit == "mean" and part == "numerator":
        return f"=SUMIFS({span('score')},{arguments})"
    return f"=COUNTIFS({arguments})"


def _key(column, key):
    """A key as a criterion: nothing stated is an empty cell; signs that a spreadsheet takes for patterns are escaped."""
    if not key:
        return "="
    if column == "day":
        return str(day_number(key))
    return re.sub(r"([~*?])", r"~\1", key)


def _text(value):
    return value.replace('"', '""')


def _quoted(sheet):
    doubled = sheet.replace("'", "''")
    return f"'{doubled}'"
