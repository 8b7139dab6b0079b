from datetime import timedelta
from fractions import Fraction

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.tests import BaseCase, tagged

from ..tools.forecast import expected_count, expected_rate
from .common_figures import FiguresCommon


class TestForecast(BaseCase):
    """What a running month comes to: its own pace, and last month's for what is missing to the first fifth."""

    def test_pace_of_this_month(self):
        self.assertEqual(expected_count(30, Fraction(1, 2)), 60)
        self.assertEqual(expected_count(0, Fraction(1, 2)), 0)
        self.assertEqual(expected_count(10, Fraction(1, 3)), 30)

    def test_young_month_leans_on_the_last(self):
        """Nothing passed: the last month again. A tenth passed: half its pace, half this month's."""
        self.assertEqual(expected_count(0, Fraction(0), before=80), 80)
        # Pace (20 + 80 / 10) / (1 / 5) = 140 a month, of which nine tenths are left
        self.assertEqual(expected_count(20, Fraction(1, 10), before=80), 146)
        self.assertEqual(expected_count(20, Fraction(1, 5), before=80), 100)
        self.assertIsNone(expected_count(0, Fraction(0)))

    def test_never_less_than_is_known(self):
        self.assertEqual(expected_count(3, Fraction(1, 2), known=50), 50)
        self.assertEqual(expected_count(60, Fraction(1), before=80, known=50), 60)

    def test_a_part_is_never_more_than_the_whole(self):
        self.assertEqual(expected_rate(12, 10), (10, 10))
        self.assertEqual(expected_rate(5, 10), (5, 10))
        self.assertIsNone(expected_rate(None, 10))


@tagged("post_install", "-at_install")
class TestMonthlyDashboard(FiguresCommon):
    """The page of a month shows what the report counts, and everything on it opens exactly the records counted."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rows = cls.make_month(size=30)
        frozen = freeze_time("2026-09-30 12:00:00")
        frozen.start()
        cls.addClassCleanup(frozen.stop)
        cls.Report = cls.env["aftersales.monthly.report"]

    def cells(self, values):
        """All parts of the page that can be clicked."""
        if isinstance(values, dict):
            if "cell" in values:
                yield values
            for value in values.values():
                yield from self.cells(value)
        elif isinstance(values, list):
            for value in values:
                yield from self.cells(value)

    def test_live_rows_count_as_frozen_ones(self):
        """The running month is counted from live rows by the same statements: the same figures, one for one."""
        report = self.Report._write_month(self.store, self.month)
        live = self.Report.new(self.Report._month_values(self.store, self.month))
        Figure = self.env["aftersales.monthly.figure"]
        counted = Figure._count(report)
        self.assertEqual(Figure._count(live), counted)
        self.assertGreater(len(counted), 200)
        self.assertGreater(counted["due", "total", ""][0], 20)

    def test_everything_opens_what_it_counts(self):
        report = self.Report._write_month(self.store, self.month)
        mine = self.as_user(self.Report, self.manager)
        for report_id in (None, report.id):
            values = mine.get_dashboard(report_id, self.store.id)
            clickable = list(self.cells(values))
            self.assertGreater(len(clickable), 100)
            for part in clickable:
                action = mine.open_cell(part["cell"], report_id, self.store.id)
                ids = action["domain"][0][2]
                count = next(part[name] for name in ("numerator", "count", "calls") if name in part)
                if part.get("unit") == "mean":
                    count = part["denominator"]
                self.assertEqual(len(ids), count, part)
                self.assertEqual(self.env[action["res_model"]].search_count([("id", "in", ids)]), count)

    def test_running_month_has_a_forecast(self):
        """Half of the working time gone, and half of the orders in: the forecast is about twice, never below the plan."""
        with freeze_time("2026-09-16 04:00:00"):
            values = self.as_user(self.Report, self.gm).get_dashboard(None, self.store.id)
        self.assertFalse(values["report_id"])
        self.assertTrue(40 <= values["progress"] <= 60, values["progress"])
        due = next(figure for figure in values["headline"] if figure["measure"] == "due")
        planned = self.env["aftersales.callback"].search_count(
            [
                ("company_id", "=", self.store.id),
                ("date_due", ">=", "2026-09-01"),
                ("date_due", "<=", "2026-09-30"),
                "|",
                ("state", "!=", "cancelled"),
                ("cancel_reason", "=", "other"),
            ]
        )
        self.assertLess(due["numerator"], planned, "what is due later is not due yet")
        self.assertGreaterEqual(int(due["forecast"]), planned)
        made = next(figure for figure in values["headline"] if figure["measure"] == "made_rate")
        self.assertRegex(made["forecast"], r"^\d+\.\d %$")

    def test_frozen_page_stays(self):
        """Later entries change the running month and not the page of a written report."""
        report = self.Report._write_month(self.store, self.month)
        mine = self.as_user(self.Report, self.crc)
        before = mine.get_dashboard(report.id)
        self.make_month(size=6, seed=9)
        self.env.invalidate_all()
        after = mine.get_dashboard(report.id)
        self.assertEqual({**before, "months": 0}, {**after, "months": 0})
        self.assertNotEqual(mine.get_dashboard(None, self.store.id)["headline"], before["headline"])

    def test_trend_has_thirteen_months(self):
        for months in (1, 2):
            month = (self.month - timedelta(days=28 * months)).replace(day=1)
            self.make_month(month=month, size=6, seed=20 + months)
            self.Report._write_month(self.store, month)
        values = self.as_user(self.Report, self.crc).get_dashboard(None, self.store.id)
        self.assertEqual(len(values["trend"]["months"]), 13)
        made = next(line for line in values["trend"]["lines"] if line["code"] == "made_rate")
        self.assertEqual([point["index"] for point in made["points"]], [10, 11, 12])
        for point in made["points"]:
            self.Report.open_cell(
                {"measure": "made_rate", "part": "numerator", "keys": {}}, point["report_id"], self.store.id
            )

    def test_who_may_look(self):
        """An advisor, the group officer and another store's people are refused; so is what is no figure."""
        report = self.Report._write_month(self.store, self.month)
        cell = {"measure": "due", "part": "numerator", "keys": {}}
        for user in (self.advisor, self.officer):
            with self.assertRaises(AccessError):
                self.as_user(self.Report, user).get_dashboard()
            with self.assertRaises(AccessError):
                self.as_user(self.Report, user).open_cell(cell, report.id)
        for arguments in ((report.id,), (None, self.store.id)):
            with self.assertRaises(AccessError):
                self.as_user(self.Report, self.gm_b).get_dashboard(*arguments)
            with self.assertRaises(AccessError):
                self.as_user(self.Report, self.gm_b).open_cell(cell, *arguments)
        for wrong in (
            {"measure": "nothing"},
            {"measure": "due", "part": "TRUE"},
            {"measure": "due", "keys": {"id) OR (1=1": "1"}},
            {"measure": "attempts", "part": "denominator"},
        ):
            with self.assertRaises(UserError):
                self.as_user(self.Report, self.gm).open_cell(wrong, report.id)

    def test_group_page(self):
        """The officer's page: each store beside the other, the group weighted, cases without a person; nobody else's."""
        self.make_month(company=self.store_b, size=10, seed=4)
        reports = self.Report._write_month(self.store, self.month) | self.Report._write_month(self.store_b, self.month)
        page = self.as_user(self.env["aftersales.monthly.figure"], self.officer).get_group_page()
        self.assertEqual([store["id"] for store in page["stores"]], (self.store | self.store_b).sorted("name").ids)
        made = [column["code"] for column in page["columns"]].index("made_rate")
        figures = reports.figure_ids.filtered(lambda row: (row.measure, row.dimension) == ("made_rate", "total"))
        share = 100 * sum(figures.mapped("numerator")) / sum(figures.mapped("denominator"))
        self.assertEqual(page["total"][made]["value"], f"{share:.1f} %")
        counted = sum(
            row.numerator
            for row in reports.figure_ids
            if row.measure in ("complaints", "grievances") and row.dimension == "total"
        )
        self.assertEqual(len(page["cases"]), counted)
        told = str(page)
        secret = self.rows["callbacks"].partner_id.mapped("name") + self.rows["complaints"].mapped("name")
        for name in [*secret, self.advisor.name, self.crc.name, self.manager.name]:
            self.assertNotIn(name, told)
        for user in (self.gm, self.crc, self.admin, self.advisor):
            with self.assertRaises(AccessError):
                self.as_user(self.env["aftersales.monthly.figure"], user).get_group_page()
        # A store that is not the officer's stays out
        self.officer.company_ids = self.store
        page = self.as_user(self.env["aftersales.monthly.figure"], self.officer).get_group_page()
        self.assertEqual([store["id"] for store in page["stores"]], self.store.ids)
        self.assertEqual({row["company_id"] for row in page["cases"]}, {self.store.id})
