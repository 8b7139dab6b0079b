from collections import Counter
from datetime import date, datetime, timedelta

from odoo.exceptions import UserError
from odoo.tests import freeze_time, tagged

from ..tools.measures import MEASURES, RECONCILED, rate
from .common_figures import FiguresCommon

PROTECTED_LOG = "odoo.addons.aftersales_crm.models.aftersales_protected_mixin"


@tagged("post_install", "-at_install")
@freeze_time("2026-09-30 12:00:00")
class TestMonthlyFigures(FiguresCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rows = cls.make_month(size=40, seed=3)

    # ------------------------------------------------------------
    # FIGURES
    # ------------------------------------------------------------

    def test_funnel_is_recomputed_by_loops(self):
        """Due, made, successful and their rates equal a plain count over the callbacks, made out of the base."""
        report = self.write_report()
        callbacks = self.rows["callbacks"]
        base = callbacks.filtered(lambda c: not (c.state == "cancelled" and c.cancel_reason != "other"))
        made = base.filtered("is_made")
        successful = base.filtered("is_completed")
        self.assertTrue(
            len(callbacks) > len(base) > len(made) > len(successful) > 0, "the fixture must tell them apart"
        )
        for measure, numerator, denominator in (
            ("due", len(base), len(base)),
            ("made", len(made), len(base)),
            ("made_rate", len(made), len(base)),
            ("success_rate", len(successful), len(base)),
            ("cancelled", len(callbacks) - len(base), 0),
            ("unreachable", len(base.filtered(lambda c: c.state == "unreachable")), len(base)),
        ):
            figure = self.figure(report, measure)
            self.assertEqual((figure.numerator, figure.denominator), (numerator, denominator), measure)
        self.assertAlmostEqual(
            self.figure(report, "success_rate").value, round(100 * len(successful) / len(base), 1), places=1
        )

    def test_satisfaction_questions_and_problems(self):
        """Satisfaction, good answers per question and problems equal a plain count over answers and scores."""
        report = self.write_report()
        scores = [int(c.satisfaction) for c in self.rows["callbacks"].filtered("is_completed")]
        mean = self.figure(report, "satisfaction_mean")
        self.assertEqual((mean.numerator, mean.n), (sum(scores), len(scores)))
        satisfied = self.figure(report, "satisfied_rate")
        self.assertEqual((satisfied.numerator, satisfied.n), (sum(score >= 4 for score in scores), len(scores)))
        for score, count in Counter(scores).items():
            share = self.figure(report, "score_share", "score", score)
            self.assertEqual((share.numerator, share.denominator), (count, len(scores)))
        answers = self.rows["answers"]
        for question, lines in answers.grouped("question_id").items():
            figure = self.figure(report, "question_good", "question", question.code or question.id)
            self.assertEqual((figure.numerator, figure.n), (len(lines.filtered("is_good")), len(lines)))
            self.assertEqual(figure.label, question.name)
        problems = answers.filtered("is_problem")
        for category, lines in problems.grouped("problem_category_id").items():
            figure = self.figure(report, "problem_share", "problem", category.id)
            self.assertEqual((figure.numerator, figure.denominator), (len(lines), len(problems)))

    def test_second_callbacks_by_an_exception(self):
        """A second callback whose caller needed an exception is counted in its month, by who made it, and opens the case."""
        used, granted = self.rows["complaints"][:2]
        exception = {"second_exception": "Nobody else is in", "second_exception_by_id": self.manager.id}
        made = {"second_satisfied": "yes", "date_second_callback": datetime(2026, 9, 20, 3)}
        used._write_protected({**exception, **made, "second_caller_id": self.crc.id})
        granted._write_protected(exception)
        report = self.write_report()
        figure = self.figure(report, "second_exceptions")
        self.assertEqual(figure.numerator, 1)
        self.assertEqual(self.figure(report, "second_exceptions", "agent", self.crc.id).numerator, 1)
        self.assertEqual(figure.action_open_counted()["domain"], [("id", "in", used.ids)])

    def test_attempts_handling_and_orders(self):
        """Connect rate, handled in time, complaints per 100 orders count the moments of the store's month."""
        report = self.write_report()
        attempts = self.rows["attempts"]
        connect = self.figure(report, "connect_rate")
        self.assertEqual((connect.numerator, connect.n), (len(attempts.filtered("is_reached")), len(attempts)))
        clocks = self.env["aftersales.clock"].search(
            [
                ("res_model", "=", "aftersales.complaint"),
                ("res_id", "in", self.rows["complaints"].ids),
                ("code", "=", "handle"),
            ]
        )
        ended = clocks.filtered(lambda clock: clock.state == "stopped")
        in_time = self.figure(report, "handled_in_time")
        self.assertEqual((in_time.numerator, in_time.n), (len(ended.filtered(lambda c: c.result == "met")), len(ended)))
        complaints = self.rows["complaints"].filtered(lambda c: c.nature == "complaint")
        per_hundred = self.figure(report, "complaints_per_100")
        self.assertEqual((per_hundred.numerator, per_hundred.denominator), (len(complaints), len(self.rows["orders"])))

    def test_every_figure_opens_exactly_its_records(self):
        """Numerator and denominator of every figure open as many records as they count."""
        report = self.write_report()
        for figure in report.figure_ids:
            measure = MEASURES[figure.measure]
            counted = figure._record_ids("numerator")
            if measure.unit == "mean":
                self.assertEqual(len(counted), figure.n, figure.display_name)
            else:
                self.assertEqual(len(counted), figure.numerator, figure.display_name)
            self.assertEqual(len(counted), len(set(counted)))
            if measure.denominator:
                self.assertEqual(len(figure._record_ids("denominator")), figure.denominator, figure.display_name)
        made = self.figure(report, "made", "agent", self.crc.id)
        action = made.action_open_counted()
        opened = self.env[action["res_model"]].search(action["domain"])
        self.assertEqual(
            opened,
            self.rows["callbacks"]
            .filtered(lambda c: c.is_made and c.user_id == self.crc and c.cancel_reason != "consent_withdrawn")
            .sorted(lambda c: (c.date_planned, c.date_due, c.id)),
        )

    def test_parts_add_up(self):
        """The parts by advisor, agent, day, kind, outcome and brand add up to the total, and the report says so."""
        report = self.write_report()
        for measure, dimensions in RECONCILED.items():
            for dimension in dimensions:
                rows = report.figure_ids.filtered(
                    lambda f, measure=measure, dimension=dimension: f.measure == measure and f.dimension == dimension
                )
                self.assertEqual(
                    sum(rows.mapped("numerator")), self.figure(report, measure).numerator, (measure, dimension)
                )
        self.assertTrue(report.is_reconciled)
        self.assertEqual(report.late_count, 0)

    def test_tampering_is_said(self):
        """A figure changed in the database is found by the check, and the report says that totals do not agree."""
        report = self.write_report()
        self.env.cr.execute(
            "UPDATE aftersales_monthly_figure SET numerator = numerator + 1 WHERE report_id = %s AND measure = 'made'"
            " AND dimension = 'total'",
            [report.id],
        )
        self.env.invalidate_all()
        report.action_check()
        self.assertFalse(report.is_reconciled)
        self.assertIn("Made", report.check_text)

    def test_rate_is_whole_number_arithmetic(self):
        """Rates have one decimal, halves away from zero, and nothing is divided by zero."""
        self.assertEqual(rate(1, 8, "percent"), 12.5)
        self.assertEqual(rate(1, 16, "percent"), 6.3)
        self.assertEqual(rate(2, 3, "percent"), 66.7)
        self.assertEqual(rate(9, 2, "mean"), 4.5)
        self.assertIsNone(rate(0, 0, "percent"))
        self.assertEqual(rate(0, 0, "count"), 0)

    def test_empty_month_shows_dashes(self):
        """A month without a callback has counts of zero and rates without a value, shown as a dash."""
        report = self.write_report(month=date(2026, 3, 1))
        self.assertEqual(self.figure(report, "due").value_text, "0")
        self.assertEqual(self.figure(report, "made_rate").value_text, "–")
        self.assertFalse(self.figure(report, "made_rate").is_defined)

    def test_comparisons(self):
        """A figure is compared with the same figure of the month before and of the same month last year."""
        self.make_month(month=date(2026, 8, 1), size=20, seed=5)
        self.make_month(month=date(2025, 9, 1), size=15, seed=6)
        before = self.write_report(month=date(2026, 8, 1))
        year = self.write_report(month=date(2025, 9, 1))
        report = self.write_report()
        due = self.figure(report, "due")
        self.assertEqual(due.previous, self.figure(before, "due").value)
        self.assertEqual(due.last_year, self.figure(year, "due").value)
        self.assertTrue(due.has_previous and due.has_last_year)
        self.assertFalse(self.figure(before, "due").has_previous)
        self.assertEqual(self.figure(before, "due").previous_text, "–")

    def test_every_score_has_its_share(self):
        """A score that nobody gave is shown with 0 % of n; without any score there is no share."""
        scored = self.rows["callbacks"].filtered(lambda c: c.is_completed and c.satisfaction)
        self.assertNotIn("1", scored.mapped("satisfaction"))
        report = self.write_report()
        for score in "12345":
            share = self.figure(report, "score_share", "score", score)
            given = len(scored.filtered(lambda c, score=score: c.satisfaction == score))
            self.assertEqual((share.numerator, share.n), (given, len(scored)))
        self.assertEqual(self.figure(report, "score_share", "score", "1").value_text, "0.0 %")
        empty = self.write_report(month=date(2026, 3, 1))
        self.assertFalse(empty.figure_ids.filtered(lambda figure: figure.measure == "score_share"))
        self.assertTrue(report.is_reconciled)

    def test_shares_and_days_in_comparison(self):
        """A problem that is new had a share of 0 % last month; one that stayed away twice is gone; a day is not compared."""
        self.make_month(month=date(2026, 8, 1), size=20, seed=5)
        answers = self.env["aftersales.callback.answer"].search([("company_id", "=", self.store.id)])
        problems = answers.filtered("is_problem")
        august = problems.filtered(lambda answer: answer.callback_id.date_due < self.month)
        old, new = self.categories[0], self.categories[1]
        august._write_protected({"problem_category_id": old.id})
        (problems - august)._write_protected({"problem_category_id": new.id})
        before = self.write_report(month=date(2026, 8, 1))
        report = self.write_report()
        share = self.figure(report, "problem_share", "problem", new.id)
        self.assertEqual((share.has_previous, share.previous, share.previous_n), (True, 0.0, len(august)))
        gone = self.figure(report, "problem_share", "problem", old.id)
        self.assertEqual((gone.numerator, gone.previous), (0, 100.0))
        later = self.write_report(month=date(2026, 10, 1))
        self.assertFalse(self.figure(later, "problem_share", "problem", old.id))
        self.assertTrue(self.figure(later, "problem_share", "problem", new.id))
        self.assertFalse(self.figure(before, "problem_share", "problem", old.id).has_previous)
        days = report.figure_ids.filtered(lambda figure: figure.dimension == "day")
        self.assertTrue(days)
        self.assertFalse(any(days.mapped("has_previous")))

    def test_a_rework_is_no_reopening(self):
        """Reopened counts in the month in which a closed case is taken up again, and not when its solution is reworked."""
        complaint = self.rows["complaints"][0]
        custody = {"complaint_id": complaint.id, "to_id": self.crc.id, "state": "accepted", "reason": "Again"}
        solve = self.env["aftersales.clock"]._create_protected(
            [
                {
                    "name": "Solve",
                    "code": "solve_again",
                    "company_id": self.store.id,
                    "res_model": "aftersales.complaint",
                    "res_id": complaint.id,
                    "state": "running",
                }
            ]
        )
        self.env["aftersales.handover"].search([("complaint_id", "=", complaint.id)])._write_protected(
            {"date_to": self.utc("2026-09-20 10:00")}
        )
        self.env.flush_all()
        self.env["aftersales.handover"]._create_protected([{**custody, "date_from": self.utc("2026-09-25 10:00")}])
        complaint._write_protected({"reopen_count": 1})
        self.env["aftersales.clock.event"]._create_protected(
            [
                {"clock_id": solve.id, "kind": "reopen", "date_event": self.utc(f"2026-{day} 10:00")}
                for day in ("09-25", "10-06")
            ]
        )
        self.assertEqual(self.figure(self.write_report(), "reopened")._record_ids(), complaint.ids)
        october = self.write_report(month=date(2026, 10, 1))
        self.assertEqual(self.figure(october, "reopened").numerator, 0)

    def test_handling_that_ended_stays_in_its_month(self):
        """A case handled in time in September and reopened in October stays so in a revision of September."""
        report = self.write_report()
        in_time = self.figure(report, "handled_in_time")
        clock = self.env["aftersales.clock"].search(
            [
                ("res_model", "=", "aftersales.complaint"),
                ("res_id", "in", in_time._record_ids()),
                ("code", "=", "handle"),
            ],
            limit=1,
        )
        self.env["aftersales.clock.event"]._create_protected(
            [
                {"clock_id": clock.id, "kind": kind, "date_event": self.utc(f"2026-10-{day} 10:00")}
                for kind, day in (("reopen", "02"), ("breach", "04"))
            ]
        )
        clock._write_protected({"state": "running", "date_stop": False, "is_breached": True})
        revision = self.env["aftersales.monthly.report"].browse(self.as_user(report, self.crc).revise("Reopened"))
        for measure in ("handled_in_time", "handling_late"):
            again, first = self.figure(revision, measure), self.figure(report, measure)
            self.assertEqual((again.numerator, again.n), (first.numerator, first.n), measure)

    def test_windows_are_frozen_with_the_report(self):
        """Other comeback or win-back days, set later, make nothing of a written report late."""
        report = self.write_report(month=date(2026, 10, 1))
        self.store.write({"aftersales_comeback_days": 3, "aftersales_return_days": 3})
        report.action_check()
        self.assertEqual(report.late_count, 0)
        self.assertTrue(self.figure(report, "first_time_fix").n)

    def test_other_store_is_not_counted(self):
        """The rows of another store are in its own report alone."""
        other = self.make_month(company=self.store_b, size=12, seed=8)
        report = self.write_report()
        report_b = self.write_report(company=self.store_b)
        base_b = report_b.base_ids.filtered(lambda row: row.source == "callback")
        self.assertEqual(base_b.callback_id, other["callbacks"])
        self.assertFalse(report.base_ids.callback_id & other["callbacks"])

    def test_month_limits_are_the_store_days(self):
        """An attempt at 00:30 on the 1st in the store, still the last month in UTC, belongs to the new month."""
        callback = self.rows["callbacks"].filtered("is_made")[0]
        Attempt = self.env["aftersales.callback.attempt"]
        values = {
            "callback_id": callback.id,
            "user_id": self.crc.id,
            "channel": "phone",
            "outcome_id": self.outcomes["retry"].id,
        }
        inside = Attempt._create_protected([{**values, "date_attempt": self.utc("2026-09-01 00:30")}])
        before = Attempt._create_protected([{**values, "date_attempt": self.utc("2026-08-31 23:30")}])
        after = Attempt._create_protected([{**values, "date_attempt": self.utc("2026-10-01 00:00")}])
        counted = self.figure(self.write_report(), "attempts")._record_ids()
        self.assertIn(inside.id, counted)
        self.assertNotIn(before.id, counted)
        self.assertNotIn(after.id, counted)

    def test_first_time_fix_waits_for_its_window(self):
        """An order counts when its 30 days have passed in the month; a comeback within them spoils it."""
        orders = self.rows["orders"]
        Order = self.env["aftersales.repair.order"]
        for back, days in ((orders[0], 10), (orders[1], 31)):
            Order.create(
                {
                    "name": f"{back.name}-back",
                    "company_id": self.store.id,
                    "vehicle_id": back.vehicle_id.id,
                    "partner_id": back.partner_id.id,
                    "kind": "repair",
                    "comeback_of_id": back.id,
                    "date_in": back.date_out + timedelta(days=days),
                }
            )
        self.assertEqual(self.figure(self.write_report(), "first_time_fix").n, 0)
        report = self.write_report(month=date(2026, 10, 1))
        end = datetime(2026, 10, 31, 16) - timedelta(days=30)
        expected = orders.filtered(lambda o: datetime(2026, 9, 30, 16) - timedelta(days=30) <= o.date_out < end)
        figure = self.figure(report, "first_time_fix")
        self.assertEqual(figure.n, len(expected))
        self.assertEqual(set(expected.ids) - set(figure._record_ids()), {orders[0].id})

    # ------------------------------------------------------------
    # FROZEN
    # ------------------------------------------------------------

    def test_past_report_stays_and_late_entries_make_a_revision(self):
        """A call entered later changes no figure of the written report; a revision counts it, says who and why."""
        report = self.write_report()
        fingerprint, texts = report.figures_hash, report.figure_ids.mapped("value_text")
        late = self.rows["callbacks"].filtered(lambda c: c.state == "planned")[0]
        late._write_protected({"is_made": True, "state": "refused"})
        self.env["aftersales.callback.attempt"]._create_protected(
            [
                {
                    "callback_id": late.id,
                    "date_attempt": self.utc("2026-09-29 10:00"),
                    "user_id": self.crc.id,
                    "channel": "phone",
                    "outcome_id": self.outcomes["refuse"].id,
                }
            ]
        )
        self.env.invalidate_all()
        self.assertEqual(report.figures_hash, report._hash_figures())
        self.assertEqual(report.figure_ids.mapped("value_text"), texts)
        report.action_check()
        self.assertGreaterEqual(report.late_count, 2)
        self.assertTrue(report.is_reconciled, "late entries do not make the frozen totals wrong")

        with self.assertRaises(UserError):
            self.as_user(report, self.crc).revise("  ")
        revision = self.env["aftersales.monthly.report"].browse(
            self.as_user(report, self.crc).revise("Calls of the 29th were entered on the 2nd")
        )
        self.assertRecordValues(
            revision,
            [
                {
                    "revision": 1,
                    "revision_reason": "Calls of the 29th were entered on the 2nd",
                    "written_by_id": self.crc.id,
                    "is_current": True,
                    "previous_id": report.id,
                    "state": "draft",
                }
            ],
        )
        self.assertFalse(report.is_current)
        self.assertEqual(report.figures_hash, fingerprint)
        self.assertEqual(self.figure(revision, "made").numerator, self.figure(report, "made").numerator + 1)
        self.assertFalse(self.figure(report, "made").is_current)
        with self.assertRaises(UserError):
            self.as_user(report, self.crc).revise("again")

    def test_erased_record_leaves_the_figure(self):
        """The base keeps the id of a record that was erased at the end of its retention."""
        report = self.write_report()
        callback = self.rows["callbacks"].filtered(lambda c: not c.is_made)[0]
        self.env.cr.execute("DELETE FROM aftersales_callback WHERE id = %s", [callback.id])
        self.env.invalidate_all()
        self.assertEqual(report.figures_hash, report._hash_figures())
        self.assertIn(callback.id, report.base_ids.filtered(lambda row: row.source == "callback").mapped("res_id"))

    def test_queries_stay_flat(self):
        """Ten times as many callbacks cost the same number of statements."""
        counts = []
        for size, month in ((10, date(2026, 6, 1)), (60, date(2026, 7, 1))):
            self.make_month(month=month, size=size, seed=size)
            self.env.flush_all()
            self.env.invalidate_all()
            report = self.env["aftersales.monthly.report"]._create_report(self.store, month, {})
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            report._fill()
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0] + 2, counts)

    def test_value_of_several_rows_is_weighted(self):
        """In a pivot, the rate of two stores together is all counted out of all, never a mean of rates."""
        self.make_month(company=self.store_b, size=10, seed=4)
        reports = self.write_report() | self.write_report(company=self.store_b)
        figures = self.env["aftersales.monthly.figure"].search(
            [("report_id", "in", reports.ids), ("measure", "=", "made_rate"), ("dimension", "=", "total")]
        )
        ((value,),) = figures._read_group([("id", "in", figures.ids)], aggregates=["value:avg"])
        self.assertAlmostEqual(value, 100 * sum(figures.mapped("numerator")) / sum(figures.mapped("denominator")))
        ((mixed,),) = self.env["aftersales.monthly.figure"]._read_group(
            [("report_id", "in", reports.ids), ("measure", "in", ("made_rate", "satisfied_rate"))],
            aggregates=["value:avg"],
        )
        self.assertFalse(mixed, "unlike figures have no value together")
