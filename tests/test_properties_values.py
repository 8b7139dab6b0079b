"""How texts of a DMS become values: what is plain is read the short way, and never otherwise than the long way reads it.

Full-width forms of the same characters, and other marks between the parts of a date, always go the long way.
"""

import importlib.util

from hypothesis import example, given
from hypothesis import strategies as st

from harness.paths import REPO


def load(name):
    spec = importlib.util.spec_from_file_location(name, REPO / "addons" / "aftersales_crm" / "tools" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


dms_values, vin = load("dms_values"), load("vin")
ORDERS = st.sampled_from(["ymd", "dmy", "mdy"])


def wide(text):
    """Return the text in full-width forms."""
    return "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in text)


@given(
    st.from_regex(r"[0-9]{4}-[01][0-9]-[0-3][0-9]( [0-2][0-9]:[0-5][0-9](:[0-6][0-9])?)?", fullmatch=True)
    | st.from_regex(r"[0-9]{1,4}-[0-9]{1,3}-[0-9]{1,4}( [0-9]{1,2}:[0-9]{1,2})?", fullmatch=True),
    ORDERS,
)
@example("2026-02-30", "ymd")
@example("2026-03-05 24:00", "ymd")
@example("0000-01-01", "ymd")
def test_dates(text, order):
    long_way = dms_values.parse_datetime(text.replace("-", "/"), order)
    assert dms_values.parse_datetime(text, order) == long_way
    assert dms_values.parse_datetime(wide(text), order) == long_way


@given(st.from_regex(r"-?[0-9,.]{1,15}", fullmatch=True) | st.text("0123456789.,-+e ¥km", max_size=12))
@example("0012.50")
@example("1,234")
@example("1.234")
def test_numbers(text):
    for decimal in ("point", "comma"):
        assert dms_values.parse_number(text, decimal) == dms_values.parse_number(wide(text), decimal)


@given(st.text("0123456789.", min_size=1, max_size=14))
def test_a_plain_number_is_what_its_digits_say(text):
    """The short way and the long one end in the same number, whatever comes before it."""
    assert dms_values.parse_number(text) == dms_values.parse_number(f"¥{text}")


@given(st.text("ABCDEFGHJKLMNPRSTUVWXYZIOQ0123456789abcxyz -·车", max_size=20))
def test_vins(text):
    normalized = vin.normalize_vin(text)
    assert normalized == vin.normalize_vin(wide(text))
    if normalized:
        letters = [char for char in normalized if char in "IOQ"]
        others = [char for char in normalized if char not in "ABCDEFGHJKLMNPRSTUVWXYZ0123456789"]
        assert (vin.vin_problem(normalized) is None) == (not letters and not others and len(normalized) == 17)


@given(st.text("-—/无未填naNA #ulo.e1", max_size=8).map(str.strip))
def test_a_text_longer_than_any_word_for_nothing_says_something(text):
    if len(text) > dms_values.EMPTY_LENGTH:
        assert not dms_values.is_empty(text)


@given(st.text(max_size=60), st.text(" _:：*()[]", max_size=4))
def test_words_are_compared_without_blanks_and_marks(text, mark):
    assert dms_values.fold(mark + text) == dms_values.fold(text + mark) == dms_values.fold(text)
