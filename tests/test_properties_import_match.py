"""Which saved source a file belongs to, over random lists of columns (docs/import.md, "When the system changes its columns")."""

import importlib
import importlib.util
import sys
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

TOOLS = Path(__file__).parent.parent / "addons" / "aftersales_crm" / "tools"
if "match_tools" not in sys.modules:
    _spec = importlib.util.spec_from_file_location(
        "match_tools", TOOLS / "__init__.py", submodule_search_locations=[str(TOOLS)]
    )
    sys.modules["match_tools"] = importlib.util.module_from_spec(_spec)
    _spec.loader.exec_module(sys.modules["match_tools"])
dms_match = importlib.import_module("match_tools.dms_match")
dms_values = importlib.import_module("match_tools.dms_values")

#: One usual name for each target, and names that nobody knows
NAMES = {target: text.split(" | ")[0].strip() for target, text in dms_values.HEADERS.items() if target != "reason"}
TARGETS = sorted(NAMES)
STRANGE = [f"备注{number}" for number in range(30)]
PLACING = {"order_name", "vin", "license_plate"}

lists = st.tuples(st.sets(st.sampled_from(TARGETS), min_size=4), st.sets(st.sampled_from(STRANGE), max_size=5))


def saved(targets, strange):
    columns = [dms_match.SavedColumn(dms_values.fold(NAMES[target]), target, False) for target in sorted(targets)]
    return columns + [dms_match.SavedColumn(dms_values.fold(name), None, False) for name in sorted(strange)]


def file(targets, strange):
    return {dms_values.fold(name): name for name in [*(NAMES[target] for target in sorted(targets)), *sorted(strange)]}


@settings(max_examples=300, deadline=None)
@given(lists, lists)
def test_what_is_taken_for_the_same_list(source, other):
    """Whatever is taken has what rows are placed by, is about the same, and differs in at most a fifth of its columns."""
    columns, headers = saved(*source), file(*other)
    size = dms_match.distance(columns, headers)
    if source == other:
        assert size == 0
    if size is None:
        return
    differ = len(source[0] ^ other[0]) + len(source[1] ^ other[1])
    assert size == differ
    assert size * dms_match.SAME_LIST <= len(source[0] | other[0]) + len(source[1] | other[1])
    assert source[0] & PLACING <= other[0]
    assert dms_match.list_kind(source[0]) == dms_match.list_kind(other[0])


@settings(max_examples=200, deadline=None)
@given(lists, st.data())
def test_a_small_update_of_the_system_is_taken(source, data):
    """One column more, one less or one of another name is the same list, as long as rows are placed by the same."""
    targets = source[0]
    columns = saved(*source)
    if len(columns) < 6:
        return
    change = data.draw(st.sampled_from(("more", "less", "name")))
    headers = file(*source)
    if change == "more":
        headers["something"] = "Something"
    else:
        loose = sorted(targets - PLACING - {"partner_name", "partner_phone"})
        if not loose:
            return
        target = data.draw(st.sampled_from(loose))
        del headers[dms_values.fold(NAMES[target])]
        if change == "name":
            name = data.draw(st.sampled_from(dms_values.HEADERS[target].split(" | ")))
            headers[dms_values.fold(name)] = name
    assert dms_match.distance(columns, headers) in (0, 1)
    # The file that was read last lacked half of it: a worse guess, and never an error
    worse = [column._replace(gone=bool(index % 2)) for index, column in enumerate(columns)]
    dms_match.distance(worse, headers)
