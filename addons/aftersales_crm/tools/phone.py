"""Phone numbers as they are found again: pure functions, no Odoo."""


def phone_digits(text):
    """Return the digits of a number without what comes before the area code or the mobile number.

    ``+86 138 0013 8000``, ``0086-13800138000`` and ``138 0013 8000`` become the same text, and so do
    ``+86 21 6234 5678`` and ``021-62345678``. A fragment of a number stays a fragment of the result.
    """
    digits = "".join(char for char in text or "" if char.isdecimal() and char.isascii())
    if digits.startswith("00"):
        digits = digits[2:]
    if digits.startswith("86") and len(digits) >= 12:
        digits = digits[2:]
    return digits.lstrip("0") or digits
