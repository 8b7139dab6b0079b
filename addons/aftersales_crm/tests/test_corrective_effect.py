from datetime import datetime, time, timedelta
from itertools import count

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command, Date, Datetime
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..tools import chance
from ..tools.indicators import INDICATORS
from ..tools.measures import MEASURES
from .common_case import AftersalesCaseCommon
from .common_figures import FiguresCommon

PROTECTED_LOG = "odoo.addons.aftersales_crm.models.aftersales_protected_mixin"


@tagged("post_install", "-at_install")
class TestCorrectiveEffect(AftersalesCaseCommon):
    """Before and after, each with its n, over days of the store."""

    numbers = count(1)

    def _answer(self, due, problems, good, question=None):
        """Completed callbacks that are due on a day, so many of them with the problem."""
        question = question or self.env["aftersales.question"].search([("kind", "=", "yes_no")], limit=1)
        for number in range(problems + good):
            order = self._create_order(
                name=f"WX-EFF-{next(self.numbers)}",
                date_in=datetime.combine(due, time(1)) - timedelta(days=4),
            )
            callback = self.env["aftersales.callback"]._create_protected(
                [
                    {
                        "kind": "repair",
                        "repair_order_id": order.id,
                        "vehicle_id": self.vehicle.id,
                        "partner_id": self.owner.id,
                        "company_id": self.store.id,
                        "state": "done",
                        "date_due": due,
                        "is_made": True,
                        "is_completed": True,
                        "date_done": datetime.combine(due, time(3)),
                    }
                ]
            )
            self.env["aftersales.callback.answer"]._create_protected(
                [
                    {
                        "callback_id": callback.id,
                        "question_id": question.id,
                        "value_yes_no": "no" if number < problems else "yes",
                        "is_answered": True,
                        "is_problem": number < problems,
                        "is_good": number >= problems,
                        "problem_category_id": self.category.id if number < problems else False,
                    }
                ]
            )

    def test_before_and_after(self):
        """Whole days before the start and after the end, each with its n; a repair made before the end is no effect."""
        today = self.store._aftersales_today()
        started, done = today - timedelta(days=50), today - timedelta(days=45)
        self._answer(started - timedelta(days=31), problems=5, good=0)
        self._answer(started - timedelta(days=30), problems=1, good=3)
        self._answer(started - timedelta(days=1), problems=2, good=4)
        self._answer(started, problems=7, good=0)
        # Due three days after the repair: due on the third day after the end was repaired before it.
        self._answer(done + timedelta(days=3), problems=6, good=0)
        self._answer(done + timedelta(days=4), problems=1, good=9)
        self._answer(done + timedelta(days=33), problems=0, good=10)
        self._answer(done + timedelta(days=34), problems=4, good=0)
        with freeze_time(datetime.combine(started, time(4))):
            action = self._lead_action_to(self._create_action(), "in_progress")
        self.assertRecordValues(action, [{"baseline_numerator": 3, "baseline_n": 10, "baseline": 30.0}])
        with freeze_time(datetime.combine(done, time(4))):
            self._lead_action_to(action, "done")
        self.assertEqual(action.date_effect_due, done + timedelta(days=34))
        self.assertIn("after 5.0 % (1/20)", action.effect_text)
        self.as_user(action, self.manager_2).action_verify("yes", "From 30 to 5 percent.")
        self.assertRecordValues(
            action,
            [
                {
                    "effect_before_numerator": 3,
                    "effect_before_n": 10,
                    "effect_before": 30.0,
                    "effect_after_numerator": 1,
                    "effect_after_n": 20,
                    "effect_after": 5.0,
                    "effect_has_p": True,
                }
            ],
        )
        self.assertAlmostEqual(action.effect_p, chance.fisher(3, 10, 1, 20), places=4)
        self.assertIn("may be chance", action.effect_text)
        self.assertIn("The target is reached.", action.effect_text)
        self._answer(done + timedelta(days=5), problems=9, good=0)
        action.invalidate_recordset()
        self.assertIn("after 5.0 % (1/20)", action.effect_text, "what was found at the verification is kept")

    def test_nothing_to_compare(self):
        """Nothing is divided by zero, and nothing is claimed about nothing."""
        action = self._create_action(problem_category_id=self.category.copy({"code": "none"}).id)
        today = self.store._aftersales_today()
        self.assertEqual(action._measure_indicator(today, today - timedelta(days=1)), (0, 0))
        action = self._lead_action_to(self._create_action(indicator="second_satisfied"), "done")
        self.assertIn("n = 0", action.effect_text)
        self.assertIn("nothing can be compared", action.effect_text)
        self.assertNotIn("target is reached", action.effect_text)

    def test_complaints_of_a_kind_or_cause(self):
        """Complaints are counted per 100 delivered orders; a kind or cause stands for all below it."""
        today = self.store._aftersales_today()
        window = (today - timedelta(days=5), today)
        self._create_complaint(problem_category_id=self.category.id)
        self._create_complaint(kind_id=self.kind_attitude.id)
        caused = self._create_complaint()
        caused.cause_id = self.cause
        orders = 4
        for number in range(orders):
            self._create_order(
                name=f"WX-OUT-{number}",
                date_in=Datetime.now() - timedelta(days=2, hours=3),
                date_out=Datetime.now() - timedelta(days=2),
            )

        def measure(**values):
            values = {"indicator": "complaints_per_100", "problem_category_id": False, **values}
            return self._create_action(**values)._measure_indicator(*window)

        self.assertEqual(measure(), (3, orders))
        self.assertEqual(measure(problem_category_id=self.category.id), (1, orders))
        self.assertEqual(measure(indicator_kind_id=self.kind_attitude.id), (1, orders))
        self.assertEqual(measure(indicator_cause_id=self.cause.id), (1, orders))
        self.assertEqual(measure(indicator_cause_id=(self.cause.parent_id or self.cause).id), (1, orders))
        self.assertEqual(measure(indicator_scope="advisor", scope_advisor_id=self.advisor_2.id)[0], 0)

    def test_what_the_indicator_needs(self):
        """A plan is not submitted without the question, problem or part of the store that its indicator counts."""
        action = self._create_action(indicator="question_good")
        case = self.as_user(action, self.manager)
        with self.assertRaisesRegex(UserError, "question"):
            case.action_submit()
        case.write({"indicator": "problem_rate", "problem_category_id": False})
        with self.assertRaisesRegex(UserError, "problem category"):
            case.action_submit()
        case.write({"indicator": "first_time_fix", "indicator_scope": "brand", "target": 90})
        with self.assertRaisesRegex(UserError, "measured for"):
            case.action_submit()
        with self.assertRaises(ValidationError):
            case.target = 101
        case.write({"indicator_scope": "store"})
        case.action_submit()
        self.assertEqual(action.state, "submitted")

    def test_target_has_a_direction(self):
        """A share of good answers is to rise, a share of problems to fall."""
        action = self._create_action(target=50)
        values = {"effect_after": 40.0}
        for indicator in INDICATORS:
            action.indicator = indicator
            self.assertEqual(action._is_target_met(values), INDICATORS[indicator].better == "lower", indicator)

    def test_signature_binds_the_indicator(self):
        """What the effect is measured by, of whom and at what cost is signed: a change asks for the signature again."""
        for change in (
            {"indicator_scope": "advisor", "scope_advisor_id": self.advisor_2.id},
            {"window_days": 31},
            {"target": 6.0},
            {"cost_planned": 100.0},
        ):
            action = self._lead_action_to(self._create_action(), "in_progress")
            self.as_user(action, self.manager).write(change)
            self.assertEqual(action.state, "submitted", change)

    @mute_logger(PROTECTED_LOG)
    def test_measured_is_protected(self):
        """Nobody writes what was measured."""
        action = self._lead_action_to(self._create_action(), "done")
        for values in ({"effect_p": 0.01}, {"effect_has_p": True}, {"effect_after_n": 9}, {"baseline_n": 9}):
            for user in (self.crc, self.manager, self.gm):
                with self.assertRaises(AccessError):
                    self.as_user(action, user).write(values)

    def test_other_store_is_not_counted(self):
        """An indicator counts its own store alone."""
        today = self.store._aftersales_today()
        own = self._create_action(indicator="complaints_per_100", problem_category_id=False)
        before = own._measure_indicator(today - timedelta(days=9), today)
        vehicle = self.env["aftersales.vehicle"].create(
            {
                "license_plate": "沪B77777",
                "partner_id": self.owner.copy({"company_id": False}).id,
                "company_id": self.store_b.id,
            }
        )
        self.env["aftersales.repair.order"].create(
            {
                "name": "B-1",
                "vehicle_id": vehicle.id,
                "partner_id": vehicle.partner_id.id,
                "date_in": Datetime.now() - timedelta(hours=5),
                "date_out": Datetime.now() - timedelta(hours=1),
                "company_id": self.store_b.id,
            }
        )
        self.assertEqual(own._measure_indicator(today - timedelta(days=9), today), before)

    def test_round_keeps_what_was_found(self):
        """A round without effect is kept with its indicator in words, its numbers and the test."""
        today = self.store._aftersales_today()
        self._answer(today - timedelta(days=3), problems=2, good=2)
        action = self._lead_action_to(self._create_action(), "done")
        self.as_user(action, self.manager_2).action_verify("no", "No change.", "Clear already")
        kept = action.round_ids
        self.assertIn(self.category.name, kept.indicator)
        self.assertEqual((kept.effect_before, kept.effect_before_n, kept.effect_has_p), (50.0, 4, False))
        again = self.as_user(action, self.manager)
        again.measure_ids = [
            Command.create(
                {"name": "Check", "responsible_id": self.advisor.id, "date_deadline": Date.add(today, days=3)}
            )
        ]
        again.action_submit()
        self.assertEqual(action.baseline_n, 4)


@tagged("post_install", "-at_install")
@freeze_time("2026-09-30 12:00:00")
class TestIndicatorIsTheReport(FiguresCommon):
    def test_same_definition_as_the_report(self):
        """Measured over a month, each indicator equals the figure of the monthly report: of the store, of an advisor, of a brand."""
        self.make_month(month=self.month.replace(month=8), size=30, seed=5)
        self.make_month(size=40, seed=3)
        report = self.write_report()
        action = self.env["aftersales.corrective.action"].new({"company_id": self.store.id})
        parts = {
            "total": [("store", None, "")],
            "advisor": [("advisor", user, str(user.id)) for user in (self.advisor, self.advisor_2)],
            "brand": [("brand", brand, str(brand.id)) for brand in self.brands],
            "order_kind": [("order_kind", kind, kind) for kind in ("repair", "warranty")],
        }
        names = {"advisor": "scope_advisor_id", "brand": "scope_brand_id", "order_kind": "scope_order_kind"}
        compared = counted = 0
        for code in INDICATORS.keys() & MEASURES.keys():
            for dimension in parts.keys() & set(MEASURES[code].dimensions):
                for scope, value, key in parts[dimension]:
                    action.update({"indicator": code, "indicator_scope": scope, "problem_category_id": False})
                    if scope != "store":
                        action[names[scope]] = value
                    figure = self.figure(report, code, dimension, key)
                    measured = action._measure_indicator(report.date_from, report.date_to)
                    self.assertEqual(measured, (figure.numerator, figure.denominator), (code, dimension, key))
                    compared += 1
                    counted += measured[0]
        self.assertGreater(compared, 30)
        self.assertGreater(counted, 100, "the fixture must have something to count")
        for question in self.questions.filtered(lambda row: row.kind == "yes_no"):
            action.update({"indicator": "question_good", "indicator_scope": "store", "indicator_question_id": question})
            figure = self.figure(report, "question_good", "question", question.code or question.id)
            measured = action._measure_indicator(report.date_from, report.date_to)
            self.assertEqual(measured, (figure.numerator, figure.denominator), question.name)
