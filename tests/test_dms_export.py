"""The generator of DMS exports: the same store every month, and the faults that it says it makes."""

import csv
import datetime

import pytest

from harness.dms_export import HEADERS, make_fleet, make_month, write_month

MONTH = datetime.date(2026, 3, 1)
UNTIL = datetime.datetime(2026, 6, 1)


def test_same_seed_gives_the_same_file(tmp_path):
    first = write_month(tmp_path / "a.csv", MONTH, 7, until=UNTIL)
    second = write_month(tmp_path / "b.csv", MONTH, 7, until=UNTIL)
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
    assert first == second
    assert make_month(MONTH, 8, until=UNTIL)[0] != make_month(MONTH, 7, until=UNTIL)[0]


def test_csv_is_gb18030_with_the_headers(tmp_path):
    expected = write_month(tmp_path / "a.csv", MONTH, 7, until=UNTIL)
    with (tmp_path / "a.csv").open(encoding="gb18030", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == HEADERS
    assert {len(row) for row in rows} == {len(HEADERS)}
    # The header and the line of totals at the end
    assert len(rows) == expected["rows"] + 2
    assert rows[-1][0] == "合计"


def test_xlsx_holds_the_same_rows(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    expected = write_month(tmp_path / "a.xlsx", MONTH, 7, fmt="xlsx", until=UNTIL)
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx", read_only=True).worksheets[0]
    rows = list(sheet.iter_rows(values_only=True))
    assert list(rows[1]) == HEADERS
    assert len(rows) == expected["rows"] + 3


@pytest.mark.parametrize("seed", range(1, 6))
def test_every_fault_is_there_and_counted(seed):
    rows, expected = make_month(MONTH, seed, until=UNTIL)
    body = rows[:-1]
    assert len(body) == expected["rows"]
    assert len({tuple(row) for row in body}) == len(body) - expected["duplicates"]
    assert len({row[0] for row in body}) == expected["orders"] + expected["refused"]
    bad = {row[0] for row in body if row[5] and (len(row[5]) != 17 or set(row[5]) & set("IOQ"))}
    assert len(bad) == expected["bad_vins"] == expected["refused"] > 0
    assert {row[0] for row in body} - bad == set(expected["order_numbers"])
    assert len({row[0] for row in body if not row[10]}) == expected["missing_phones"] > 0
    assert len({row[0] for row in body if any(ord(char) > 0xFF00 for char in row[4])}) == expected["wide_plates"] > 0
    forms = {"年" if "年" in row[1] else row[1][4] for row in body}
    assert forms == {"-", "/", "年"}


def test_the_same_cars_come_back_next_month():
    cars = {car["vin"] for car in make_fleet(7, 540)}
    for month in (1, 2):
        rows, _expected = make_month(datetime.date(2026, month, 1), 7, until=UNTIL)
        known = [row[5] for row in rows[:-1] if len(row[5]) == 17 and not set(row[5]) & set("IOQ")]
        assert set(known) <= cars


def test_export_of_a_running_month_leaves_orders_open():
    until = datetime.datetime(2026, 3, 15, 12, 0)
    rows, expected = make_month(MONTH, 7, until=until)
    assert 0 < expected["orders"] < 200
    assert expected["delivered"] < expected["orders"]
    assert all(not row[25] for row in rows[:-1] if not row[3])
