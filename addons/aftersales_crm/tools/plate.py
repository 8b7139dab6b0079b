"""Chinese number plates (GA 36) and how they are compared and shown: pure functions, no Odoo."""

import re
import unicodedata

PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_SERIAL = "A-HJ-NP-Z0-9"

_PATTERNS = (
    # New energy, 8 characters: small cars have the letter (D/F families, A-K) at 3, large ones at 8
    ("new_energy", re.compile(rf"[{PROVINCES}][A-Z][A-HJK][A-HJ-NP-Z0-9]\d{{4}}")),
    ("new_energy", re.compile(rf"[{PROVINCES}][A-Z]\d{{5}}[A-HJK]")),
    ("police", re.compile(rf"[{PROVINCES}][A-Z][{_SERIAL}]{{4}}警")),
    ("police", re.compile(rf"WJ[{PROVINCES}]?[{_SERIAL}]{{5,6}}")),
    ("embassy", re.compile(r"使\d{6}|\d{6}使")),
    ("embassy", re.compile(rf"[{PROVINCES}][A-Z][{_SERIAL}]{{4}}[使领]")),
    ("temporary", re.compile(rf"[{PROVINCES}][A-Z]?[{_SERIAL}]{{4,6}}临|临[{PROVINCES}]?[{_SERIAL}]{{4,7}}")),
    ("military", re.compile(r"[VKHBSLJNGC][A-Z][A-HJ-NP-Z0-9]\d{4}|[军海空北沈兰济南广成][A-Z]?\d{5}")),
    # Ordinary, 7 characters; the last may say training, trailer, Hong Kong, Macao
    ("ordinary", re.compile(rf"[{PROVINCES}][A-Z][{_SERIAL}]{{5}}")),
    ("ordinary", re.compile(rf"[{PROVINCES}][A-Z][{_SERIAL}]{{4}}[学挂港澳试超]")),
)
_LENGTHS = {"ordinary": 7, "new_energy": 8}


def normalize_plate(text):
    """Return the plate as it is compared: upper case, half width, no dots, dashes or blanks; None when empty."""
    if not text:
        return None
    text = unicodedata.normalize("NFKC", str(text)).upper()
    return "".join(char for char in text if not char.isspace() and char not in "·•・･.-–—_‐‑") or None


def plate_type(plate):
    """Return the type that the form of a normalised plate tells; None without a plate.

    What begins like a Chinese plate and fits no form is taken for a mistyped ordinary or new-energy plate, what does
    not is foreign.
    """
    if not plate:
        return None
    for kind, pattern in _PATTERNS:
        if pattern.fullmatch(plate):
            return kind
    if plate[0] in PROVINCES:
        return "new_energy" if len(plate) >= 8 else "ordinary"
    return "foreign"


def plate_problem(plate, kind=None):
    """Say what is wrong with a normalised plate of a type.

    :return: None, or a pair (code, detail): ``('length', 7)`` with the right length, ``('form', kind)``
    """
    kind = kind or plate_type(plate)
    if not plate or kind not in _LENGTHS:
        return None
    if len(plate) != _LENGTHS[kind]:
        return "length", _LENGTHS[kind]
    if not any(name == kind and pattern.fullmatch(plate) for name, pattern in _PATTERNS):
        return "form", kind
    return None


def format_plate(plate):
    """Return the plate as it is written on the car: ``京A12345`` becomes ``京A·12345``."""
    if plate and len(plate) in (7, 8) and plate[0] in PROVINCES and "A" <= plate[1] <= "Z":
        return f"{plate[:2]}·{plate[2:]}"
    return plate or ""
