"""Vehicle identification numbers (ISO 3779, GB 16735): pure functions, no Odoo."""

import unicodedata

_VALUES = {
    **{str(digit): digit for digit in range(10)},
    **dict(zip("ABCDEFGH", range(1, 9))),
    **dict(zip("JKLMN", range(1, 6))),
    "P": 7,
    "R": 9,
    **dict(zip("STUVWXYZ", range(2, 10))),
}
_LETTERS = frozenset(_VALUES)
_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
# Position 10: I, O, Q, U, Z and 0 are never used, the row repeats every 30 years
_YEARS = "ABCDEFGHJKLMNPRSTVWXY123456789"
_FIRST_YEAR = 1980


def normalize_vin(text):
    """Return the number in upper case and half width, without blanks and dashes; None when nothing is left."""
    if not text:
        return None
    if isinstance(text, str) and text.isascii() and text.isalnum():
        return text.upper()
    text = unicodedata.normalize("NFKC", str(text)).upper()
    return "".join(char for char in text if not char.isspace() and char not in "-–—_·.") or None


def vin_problem(vin):
    """Say why a normalised number is no VIN.

    :return: None, or a pair (code, detail): ``('length', 16)``, ``('letter', 'O')``, ``('character', '车')``
    """
    if not vin or (len(vin) == 17 and _LETTERS.issuperset(vin)):
        return None
    for char in vin:
        if char in "IOQ":
            return "letter", char
        if char not in _VALUES:
            return "character", char
    if len(vin) != 17:
        return "length", len(vin)
    return None


def check_digit(vin):
    """Return the digit (or X) that position 9 of a well-formed VIN has by ISO 3779."""
    remainder = sum(_VALUES[char] * weight for char, weight in zip(vin, _WEIGHTS)) % 11
    return "X" if remainder == 10 else str(remainder)


def check_digit_ok(vin):
    """Whether position 9 is right. A malformed number is never right."""
    return bool(vin) and vin_problem(vin) is None and vin[8] == check_digit(vin)


def check_digit_mandatory(vin):
    """Whether the makers of the VIN's region must set position 9: China (L, H) and North America (1-5)."""
    return bool(vin) and vin[0] in "LH12345"


def model_year(vin, today=None):
    """Return the model year of position 10, the latest one that is not after next year; None when not coded.

    :param datetime.date today: when given, years after the next one belong to the cycle before
    """
    if not vin or vin_problem(vin) or vin[9] not in _YEARS:
        return None
    year = _FIRST_YEAR + _YEARS.index(vin[9])
    limit = today.year + 1 if today else 2039
    while year + 30 <= limit:
        year += 30
    return year


def mask_vin(vin):
    """Hide the serial tail: what is left names maker, type and year, not the car."""
    return f"{vin[:11]}{'*' * len(vin[11:])}" if vin else ""
