"""The table in a file: where it begins, what its columns are called, the table of what was refused. Knows no models."""

from . import dms_values
from .dms_cell import HEADER_SEARCH_ROWS, DmsFileError

_SAMPLE_VALUES = 3
_SAMPLE_LENGTH = 120


def find_header(rows):
    """Return the position of the row that names the columns: exports may put a title above it.

    :param rows: the first rows of the file, lists of texts
    :raises DmsFileError: when no row looks like one
    """
    candidates = rows[:HEADER_SEARCH_ROWS]
    known = [sum(1 for text in row if text and dms_values.guess_target(text)) for row in candidates]
    if any(known):
        return known.index(max(known))
    # A source in words that nobody has told yet: the first row with several cells
    for position, row in enumerate(candidates):
        if sum(1 for text in row if text) > 1:
            return position
    raise DmsFileError("header")


def name_headers(headers, unnamed):
    """Give columns without a name, or with the name of another one, a name of their own.

    :param unnamed: makes the name of a column from its number
    """
    names, folded = [], set()
    for number, header in enumerate(headers, start=1):
        name = header.strip() or unnamed(number)
        names.append(f"{name} ({number})" if dms_values.fold(name) in folded else name)
        folded.add(dms_values.fold(names[-1]))
    return names


def sample_values(rows, width):
    """Return a few values of each column, as one text a column."""
    samples = []
    for index in range(width):
        values = dict.fromkeys(row[index] for row in rows if index < len(row) and row[index])
        samples.append(" · ".join(list(values)[:_SAMPLE_VALUES])[:_SAMPLE_LENGTH])
    return samples


def refused_table(headers, refused, reason_header):
    """Return the table of the refused rows: the layout of the file, and the reason at the end.

    A file of refused rows that was dropped again has the column of reasons already: it is replaced.

    :param refused: [(cells of the row, reason)]
    :return: (headers, rows)
    """
    old = next((i for i, header in enumerate(headers) if dms_values.guess_target(header) == "reason"), None)
    kept = [index for index in range(len(headers)) if index != old]
    rows = []
    for cells, reason in refused:
        texts = [cells[index] if index < len(cells) else "" for index in kept]
        rows.append([*texts, reason.replace("\n", " ")])
    return [*(headers[index] for index in kept), reason_header], rows
