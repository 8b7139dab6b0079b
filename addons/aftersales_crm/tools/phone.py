"""Phone numbers as they are found again: pure functions, no Odoo."""

import re


def phone_digits(text):
    """Return the digits of a number without what comes before the area code or the mobile number.

    ``+86 138 0013 8000``, ``0086-13800138000`` and ``138 0013 8000`` become the same text, and so do
    ``+86 21 6234 5678`` and ``021-62345678``. A fragment stays as it is; of seven digits and more the zero before an area
    code is taken off.
    """
    digits = "".join(char for char in text or "" if char.isdecimal() and char.isascii())
    match = re.fullmatch(r"(?:00)?86(\d{10,})", digits)
    if match:
        digits = match[1]
    return digits[1:] if len(digits) >= 7 and re.match(r"0[1-9]", digits) else digits
