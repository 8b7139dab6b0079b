"""One cell of a file, as text, and the limits that hold for every form of file. Knows no models."""

import datetime
import re

MAX_COLUMNS = 200
MAX_CELL = 20000
HEADER_SEARCH_ROWS = 10
# What spreadsheets would take for a formula; written with an apostrophe in front and read back without it.
FORMULA = ("=", "+", "-", "@", "\t", "\r")
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class DmsFileError(Exception):
    def __init__(self, code, **details):
        super().__init__(code)
        self.code = code
        self.details = details


def cell_text(value):
    """Return the value of a cell as the text that a CSV export of the same sheet would show."""
    if value is None:
        return ""
    if isinstance(value, str):
        text = value
    elif isinstance(value, bool):
        return "1" if value else "0"
    elif isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    elif isinstance(value, datetime.datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S" if value.time() != datetime.time() else "%Y-%m-%d")
    elif isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    else:
        text = str(value)
    return plain_text(CONTROL.sub("", text))


def plain_text(text):
    """Return a text without blanks around it and without the apostrophe that keeps a spreadsheet from running it."""
    text = text.strip()
    if len(text) > 1 and text[0] == "'" and text[1] in FORMULA:
        return text[1:]
    return text


def plain_texts(texts):
    """Return the texts of a row, each as `plain_text` has it; hardly any begins with an apostrophe."""
    texts = [text.strip() for text in texts]
    return list(map(plain_text, texts)) if "'" in "".join(texts) else texts
