from unittest.mock import patch

import psycopg2

from odoo.exceptions import AccessError, ConcurrencyError, UserError
from odoo.tests import freeze_time, tagged
from odoo.tools import mute_logger

from .common_figures import FiguresCommon

PROTECTED_LOG = "odoo.addons.aftersales_crm.models.aftersales_protected_mixin"


@tagged("post_install", "-at_install")
@freeze_time("2026-09-30 12:00:00")
class TestMonthlyReportLife(FiguresCommon):
    """One report for a store and month, from its first figure to the signature, and who may do what with it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rows = cls.make_month(size=40, seed=3)

    # ------------------------------------------------------------
    # UNIQUENESS AND PROTECTION
    # ------------------------------------------------------------

    def test_one_report_for_store_and_month(self):
        """Writing a month twice gives the same report; the database refuses a second one."""
        report = self.write_report()
        self.assertEqual(self.write_report(), report)
        Report = self.env["aftersales.monthly.report"]
        with mute_logger("odoo.sql_db"), self.assertRaises(psycopg2.errors.UniqueViolation), self.env.cr.savepoint():
            Report._create_report(self.store, self.month, {})
            self.env.flush_all()

    def test_loser_of_a_race_begins_again(self):
        """A worker whose month is written by another between its look and its insert begins again, and finds it."""
        report = self.write_report()
        Report = type(self.env["aftersales.monthly.report"])
        with (
            mute_logger("odoo.sql_db"),
            patch.object(Report, "search", lambda records, *args, **kwargs: records.browse()),
            self.assertRaises(ConcurrencyError),
        ):
            self.write_report()
        self.assertEqual(self.write_report(), report)

    @mute_logger(PROTECTED_LOG)
    def test_nobody_writes_figures_or_states(self):
        """Figures, base, state and signature are refused to every role, by write, create and unlink."""
        report = self.write_report()
        figure = self.figure(report, "made")
        for user in (self.crc, self.manager, self.gm, self.admin):
            mine = self.as_user(report, user)
            for values in (
                {"state": "signed"},
                {"signed_by_id": user.id},
                {"figures_hash": "x"},
                {"month": "2026-01-01"},
            ):
                with self.assertRaises(AccessError):
                    mine.write(values)
            with self.assertRaises(AccessError):
                self.as_user(figure, user).write({"numerator": 0})
            with self.assertRaises(AccessError):
                self.as_user(report.base_ids[0], user).write({"is_made": True})
            with self.assertRaises(AccessError):
                self.as_user(figure, user).unlink()
            with self.assertRaises(AccessError):
                mine.create({"month": "2026-01-01", "company_id": self.store.id})
            with self.assertRaises(UserError):
                mine.unlink()
        with self.assertRaises(UserError):
            report.unlink()

    # ------------------------------------------------------------
    # LIFE
    # ------------------------------------------------------------

    def test_life_of_a_report(self):
        """CRC submits, manager analyses, GM returns once with a reason, then signs; nobody takes another's step."""
        report = self.write_report()
        with self.assertRaises(AccessError):
            self.as_user(report, self.gm).action_submit()
        with self.assertRaises(AccessError):
            self.as_user(report, self.advisor).action_submit()
        self.as_user(report, self.crc).action_submit()
        self.assertRecordValues(report, [{"state": "submitted", "submitted_by_id": self.crc.id}])
        with self.assertRaises(AccessError):
            self.as_user(report, self.crc).action_analyse()
        with self.assertRaises(UserError):
            self.as_user(report, self.manager).action_analyse()
        with self.assertRaises(AccessError):
            self.as_user(report, self.crc).write({"quality_analysis": "<p>All is well</p>"})
        self.as_user(report, self.manager).write({"quality_analysis": "<p>Waiting is too long</p>"})
        self.as_user(report, self.manager).action_analyse()
        self.assertEqual(report.state, "analysed")
        with self.assertRaises(UserError):
            self.as_user(report, self.manager).write({"quality_analysis": "<p>Changed</p>"})
        # STEP returned once
        self.as_user(report._approval_pending("sign"), self.gm).decide("returned", "Name the cause")
        self.assertEqual(report.state, "submitted")
        self.as_user(report, self.manager).write({"quality_analysis": "<p>Waiting: two advisors at peak time</p>"})
        self.as_user(report, self.manager).action_analyse()
        # STEP signed by the GM alone
        with self.assertRaises(UserError):
            self.as_user(report, self.manager).action_approval_approve()
        self.as_user(report, self.gm).action_approval_approve()
        self.assertRecordValues(report, [{"state": "signed", "signed_by_id": self.gm.id}])
        self.assertEqual(len(report.approval_ids), 2)

    def test_who_submitted_or_analysed_does_not_sign(self):
        """A general manager who is also service manager cannot sign the report that he analysed."""
        self.manager.group_ids |= self.env.ref("aftersales_crm.group_aftersales_gm")
        report = self.write_report()
        self.as_user(report, self.crc).action_submit()
        self.as_user(report, self.manager).write({"quality_analysis": "<p>Text</p>"})
        self.as_user(report, self.manager).action_analyse()
        with self.assertRaises(UserError):
            self.as_user(report, self.manager).action_approval_approve()
        self.assertEqual(report.state, "analysed")

    def test_finding_becomes_a_measure(self):
        """A finding with responsible person and deadline becomes one action that leads back to the report."""
        report = self.write_report()
        self.as_user(report, self.crc).action_submit()
        Finding = self.as_user(self.env["aftersales.monthly.finding"], self.manager)
        finding = Finding.create(
            {
                "report_id": report.id,
                "name": "Price is not explained",
                "figure_id": self.figure(report, "question_good").id,
                "kind": "preventive",
            }
        )
        with self.assertRaises(UserError):
            finding.action_create_action()
        finding.write({"responsible_id": self.advisor.id, "date_deadline": "2026-10-20"})
        finding.action_create_action()
        action = finding.action_id
        self.assertRecordValues(
            action,
            [{"report_id": report.id, "kind": "preventive", "responsible_id": self.advisor.id, "state": "draft"}],
        )
        finding.action_create_action()
        self.assertEqual(report.action_count, 1)
        with self.assertRaises(AccessError):
            self.as_user(self.env["aftersales.monthly.finding"], self.crc).create({"report_id": report.id, "name": "x"})

    # ------------------------------------------------------------
    # RIGHTS
    # ------------------------------------------------------------

    def test_group_officer_sees_figures_and_no_person(self):
        """The officer reads the figures of both stores, by nobody's name, and neither base nor report nor records."""
        self.make_month(company=self.store_b, size=10, seed=4)
        report = self.write_report()
        self.write_report(company=self.store_b)
        Figure = self.as_user(self.env["aftersales.monthly.figure"], self.officer)
        figures = Figure.search([])
        self.assertEqual(figures.company_id, self.store | self.store_b)
        one_ticked = Figure.with_context(allowed_company_ids=self.store.ids).search([])
        self.assertEqual(one_ticked, figures, "all stores of the officer, whichever the switcher shows")
        self.assertFalse({"advisor", "agent"} & set(figures.mapped("dimension")))
        self.assertTrue({"brand", "question", "problem"} <= set(figures.mapped("dimension")))
        names = {self.advisor.name, self.crc.name, *self.rows["callbacks"].partner_id.mapped("name")}
        self.assertFalse(names & set(figures.mapped("label")))
        groups = Figure.formatted_read_group([], ["dimension"], ["__count"])
        self.assertNotIn("agent", [group["dimension"] for group in groups])
        for model in ("aftersales.monthly.report", "aftersales.monthly.base", "aftersales.monthly.finding",
                      "aftersales.callback", "aftersales.complaint"):  # fmt: skip
            with self.assertRaises(AccessError):
                self.as_user(self.env[model], self.officer).search([]).read(["id"])
        with self.assertRaises(AccessError):
            figures[0].action_open_base()
        with self.assertRaises(AccessError):
            figures.filtered(lambda f: f.measure == "made")[0].action_open_counted()
        person = self.figure(report, "made", "agent", self.crc.id)
        with self.assertRaises(AccessError):
            self.as_user(person, self.officer).read(["label"])

    def test_other_company_is_closed(self):
        """The staff of one store cannot read another store's report, base or figures."""
        report = self.write_report()
        for records in (report, report.base_ids[0], report.figure_ids[0]):
            with self.assertRaises(AccessError):
                self.as_user(records, self.gm_b).read(["id", "company_id"])
            self.as_user(records, self.gm).read(["company_id"])

    def test_advisor_has_no_report(self):
        """An advisor, who is neither consultant nor manager, reads no report."""
        report = self.write_report()
        with self.assertRaises(AccessError):
            self.as_user(report, self.advisor).read(["month"])

    # ------------------------------------------------------------
    # MESSAGES
    # ------------------------------------------------------------

    def test_gm_is_told_with_a_copy_to_the_managers(self):
        """The report goes to the general manager, copied to the service managers of the store, to nobody else's."""
        report = self.write_report()
        message = report.message_ids.filtered(lambda m: m.notified_partner_ids)
        self.assertEqual(len(message), 1)
        self.assertEqual(message.notified_partner_ids, (self.gm | self.manager | self.manager_2).partner_id)
        self.assertIn(self.gm.name, message.body)
