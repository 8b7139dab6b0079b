"""The mark of an export of personal data: the last row of the file, recognised in every language when the file comes back."""

import re

# What the text of the mark begins with, whatever language goes on; nobody's name, plate or number does
SIGN = "※ aftersales_crm ※"
_SIGN = re.compile(r"^\s*※\s*aftersales_crm\s*※")


def is_export_mark(row):
    """Whether a row of a file is the mark of an export: it stands in the first or the second cell, and alone."""
    filled = [cell for cell in row if cell not in (None, False, "")]
    return len(filled) == 1 and isinstance(filled[0], str) and _SIGN.match(filled[0]) is not None
