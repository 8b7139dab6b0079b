"""What differs between the columns of a file and those of a saved source, and whether they are the same list.

Knows no models. A column is compared by its folded header (see `dms_values.fold`).
"""

from typing import NamedTuple

from .dms_values import guess_target

#: A source is taken for a file when at most one column in so many differs, a new name of a known column counting once
SAME_LIST = 5
#: ... and at most one in so many of the columns that it reads is gone (one at least may be)
_LOST = 10


class SavedColumn(NamedTuple):
    """A column of a source: its folded header, what it goes to (None: not read), whether the last file lacked it."""

    header: str
    target: str | None
    gone: bool


class Difference(NamedTuple):
    """How a file differs from what a source knows."""

    #: Folded headers of the columns that are read, and are not in the file under any name
    lost: tuple
    #: How many columns differ, and of how many
    size: int
    total: int
    #: What the file is about: orders, cars or customers
    same_kind: bool


def list_kind(targets):
    """Return what a list with columns of these targets is about."""
    if "order_name" in targets:
        return "order"
    return "vehicle" if {"vin", "license_plate"} & set(targets) else "partner"


# What rows are placed by, in a list of each kind
_PLACING = {
    "order": {"order_name", "vin", "license_plate"},
    "vehicle": {"vin", "license_plate"},
    "partner": {"partner_name", "partner_phone"},
}


def compare(columns, headers):
    """Compare the columns of a source with those of a file.

    :param columns: list of `SavedColumn`
    :param headers: {folded header: header as it is in the file}
    :return: `Difference`
    """
    known = {column.header: column for column in columns}
    new = tuple(header for header in headers if header not in known)
    back = [column for column in columns if column.gone and column.header in headers]
    away = [column for column in columns if not column.gone and column.header not in headers]
    there = {column.target for column in columns if column.header in headers and column.target}
    guessed = {guess_target(headers[header]) for header in new} - {None}
    renamed = [column for column in away if column.target and column.target in there | guessed]
    # Told too when the last file lacked it already: its values are missed until somebody says that they are not
    lost = [
        column
        for column in columns
        if column.target and column.header not in headers and column.target not in there | guessed
    ]
    mapped = {column.target for column in columns if column.target}
    return Difference(
        lost=tuple(column.header for column in lost),
        size=len(new) + len(back) + len(away) - len(renamed),
        total=len(headers) + len(away) - len(renamed),
        same_kind=list_kind(mapped) == list_kind(there | guessed),
    )


def distance(columns, headers):
    """Tell how far a file is from the list that a source was saved for: None when it is another list.

    A list of orders is never taken for one of cars or of customers, nor the other way round, and whatever rows are placed
    by must still be there, under its name or under another one that is known.

    :param columns: see `compare`
    :param headers: see `compare`
    :return: the number of columns that differ, 0 for the very same ones; or None
    """
    if not columns or not headers:
        return None
    difference = compare(columns, headers)
    if not difference.size:
        return 0
    targets = {column.header: column.target for column in columns if column.target}
    lost = {targets[header] for header in difference.lost}
    mapped = set(targets.values())
    same = (
        difference.same_kind
        and difference.size * SAME_LIST <= difference.total
        and not lost & _PLACING[list_kind(mapped)]
        and len(lost) <= max(1, len(mapped) // _LOST)
    )
    return difference.size if same else None
