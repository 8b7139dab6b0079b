from datetime import date
from unittest.mock import patch

from odoo.tests import freeze_time, tagged
from odoo.tools import mute_logger

from .common_figures import FiguresCommon


@tagged("post_install", "-at_install")
class TestMonthlyCron(FiguresCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cron = cls.env.ref("aftersales_crm.ir_cron_aftersales_monthly_report")
        # Other stores of the database are not this test's
        cls.stores = cls.store | cls.store_b

    def run_cron(self):
        Report = type(self.env["aftersales.monthly.report"])
        due_months, stores = Report._due_months, self.stores

        def only_ours(records):
            return [entry for entry in due_months(records) if entry[0] in stores]

        with (
            patch.object(Report, "_due_months", only_ours),
            patch.object(Report, "_store_outputs", lambda records: None),
            self.enter_registry_test_mode(),
        ):
            self.cron.method_direct_trigger()
        self.env.invalidate_all()

    def months(self, company=None):
        return (
            self.env["aftersales.monthly.report"]
            .search([("company_id", "=", (company or self.store).id)], order="month")
            .mapped("month")
        )

    def test_written_on_the_last_day_of_the_store(self):
        """On the 30th at 17:59 in the store nothing is due, at 18:00 it is, although UTC still has the morning."""
        self.make_month(size=4)
        with freeze_time("2026-09-30 09:59:00"):
            self.run_cron()
            self.assertFalse(self.months())
        with freeze_time("2026-09-30 10:00:00"):
            self.run_cron()
            self.assertEqual(self.months(), [date(2026, 9, 1)])

    def test_time_zone_decides(self):
        """At the same moment it is the last day in Shanghai, and not yet in Honolulu."""
        self.make_month(size=4)
        self.make_month(company=self.store_b, size=4, seed=2)
        self.store_b.resource_calendar_id.tz = "Pacific/Honolulu"
        with freeze_time("2026-09-30 10:30:00"):
            self.run_cron()
            self.assertTrue(self.months())
            self.assertFalse(self.months(self.store_b))
        with freeze_time("2026-10-01 04:30:00"):
            self.run_cron()
            self.assertEqual(self.months(self.store_b), [date(2026, 9, 1)])

    def test_twice_makes_one(self):
        """A second run, and a third the next day, write nothing new."""
        self.make_month(size=4)
        for moment in ("2026-09-30 11:00:00", "2026-09-30 12:00:00", "2026-10-01 12:00:00"):
            with freeze_time(moment):
                self.run_cron()
        self.assertEqual(self.months(), [date(2026, 9, 1)])

    def test_missed_months_are_caught_up(self):
        """A server that stood still for months writes them all, the oldest first, so that each is compared."""
        self.make_month(month=date(2026, 1, 1), size=4)
        with freeze_time("2026-05-10 08:00:00"):
            self.run_cron()
        self.assertEqual(self.months(), [date(2026, month, 1) for month in (1, 2, 3, 4)])
        report = self.env["aftersales.monthly.report"].search(
            [("company_id", "=", self.store.id), ("month", "=", "2026-02-01")]
        )
        self.assertTrue(self.figure(report, "due").has_previous)

    def test_every_month_end(self):
        """Run every day of a year, short months and the leap day included, it writes on each last day."""
        with freeze_time("2027-12-31 11:00:00"):
            self.make_month(month=date(2027, 12, 1), size=4)
            self.run_cron()
        for year, month, last in ((2028, 1, 31), (2028, 2, 29), (2028, 3, 31), (2028, 4, 30)):
            with freeze_time(f"{year}-{month:02d}-{last - 1} 11:00:00"):
                self.run_cron()
                self.assertNotIn(date(year, month, 1), self.months())
            with freeze_time(f"{year}-{month:02d}-{last} 11:00:00"):
                self.run_cron()
                self.assertIn(date(year, month, 1), self.months())

    def test_a_failing_store_does_not_hold_up_the_others(self):
        """The report of one store fails: the other's is written, and the next run tries again."""
        self.make_month(size=4)
        self.make_month(company=self.store_b, size=4, seed=2)
        Figure = type(self.env["aftersales.monthly.figure"])
        write_figures, store = Figure._write_figures, self.store

        def failing(records, report):
            if report.company_id == store:
                raise ValueError("disk full")
            return write_figures(records, report)

        with (
            freeze_time("2026-10-02 08:00:00"),
            patch.object(Figure, "_write_figures", failing),
            mute_logger("odoo.addons.aftersales_crm.models.aftersales_monthly_writing_mixin"),
        ):
            self.run_cron()
            self.assertFalse(self.months(), "half a report does not stay")
            self.assertTrue(self.months(self.store_b))
        with freeze_time("2026-10-02 09:00:00"):
            self.run_cron()
            self.assertEqual(self.months(), [date(2026, 9, 1)])
