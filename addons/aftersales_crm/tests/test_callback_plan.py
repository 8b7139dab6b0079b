from collections import Counter
from datetime import date

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common_callback import AftersalesCallbackCommon


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 00:30:00")  # Monday 8:30 in the stores
class TestCallbackPlan(AftersalesCallbackCommon):
    def _loads(self, plan):
        return Counter((c.user_id, c.date_planned) for c in plan.sudo().callback_ids if c.state == "planned")

    def test_plan_even_and_idempotent(self):
        """Preview writes no call; confirm writes each once, evenly; planning again changes nothing."""
        self._create_delivered(self._create_customers(31), "2026-02-28 16:00")
        plan = self._create_plan()
        plan.action_preview()
        self.assertEqual((plan.state, plan.included_count, plan.callback_count), ("previewed", 31, 0))
        plan.action_confirm()
        self.assertEqual((plan.state, plan.callback_count, plan.shortage), ("confirmed", 31, 0))
        loads = self._loads(plan)
        # Due on 3 March, spread over seven days: 3-6 and 9-10 March are working days.
        self.assertEqual({day for _user, day in loads}, {date(2026, 3, d) for d in (3, 4, 5, 6, 9, 10)})
        self.assertLessEqual(max(loads.values()) - min(loads.values()), 1)
        sums = Counter()
        for (user, _day), load in loads.items():
            sums[user] += load
        self.assertEqual(sorted(sums.values()), [15, 16])
        before = plan.sudo().callback_ids.read(["user_id", "date_planned", "state"])
        plan.action_replan()
        plan.action_replan()
        self.assertEqual(plan.sudo().callback_ids.read(["user_id", "date_planned", "state"]), before)
        self.assertTrue(all(c.explanation and c.name.startswith("CB") for c in plan.sudo().callback_ids))

    def test_plan_reasons(self):
        """Each candidate is in or out for a stated reason; nobody without consent is planned."""
        cars = self._create_customers(8)
        order = self._create_delivered(cars, "2026-03-01 10:00")
        order[1].callback_consent = "no"
        order[2].callback_consent = "not_asked"
        order[3].callback_consent = "not_asked"
        consents = self.env["aftersales.consent"].with_company(self.store)
        consents.create({"partner_id": order[3].partner_id.id, "company_id": self.store.id})
        consents._withdraw(order[4].partner_id)
        order[5].partner_id._aftersales_set_do_not_call("asked us")
        order[6].partner_id.phone = False
        self._create_delivered(cars[7], "2026-03-01 18:00")
        plan = self._create_plan()
        plan.action_preview()
        reasons = [
            (c.repair_order_id, c.reason_code) for c in plan.sudo().candidate_ids.sorted(lambda c: c.repair_order_id.id)
        ]
        self.assertEqual(
            [code for _order, code in reasons],
            [
                "in_repair",
                "out_refused",
                "out_not_asked",
                "in_repair",
                "out_blocked",
                "out_blocked",
                "out_no_phone",
                "in_repair",
                "out_month",
            ],
        )
        plan.action_confirm()
        self.assertEqual(plan.sudo().callback_ids.repair_order_id, order[0] | order[3] | order[7])

    def test_plan_independent_caller(self):
        """Advisor and technicians of an order never make its callback."""
        cars = self._create_customers(12)
        self._create_delivered(cars[:6], "2026-03-01 10:00", advisor_id=self.manager.id)
        self._create_delivered(cars[6:], "2026-03-01 10:00", technician_ids=self.crc.ids)
        plan = self._create_plan(self.crc | self.manager)
        plan.action_preview()
        plan.action_confirm()
        for callback in plan.sudo().callback_ids:
            self.assertNotIn(callback.user_id, callback._involved_users())
        self.assertEqual(
            Counter(callback.user_id for callback in plan.sudo().callback_ids), {self.crc: 6, self.manager: 6}
        )

    def test_plan_windows(self):
        """Due three days after delivery, until fifteen; a window that is over counts as missed, never silently."""
        old = self._create_delivered(self._create_customers(1, 100), "2026-03-02 23:30")
        with freeze_time("2026-03-20 00:30:00"):
            new = self._create_delivered(self._create_customers(1, 200), "2026-03-18 10:00")
            plan = self._create_plan()
            plan.action_preview()
            plan.action_confirm()
            calls = plan.sudo().callback_ids.grouped("repair_order_id")
        self.assertRecordValues(
            calls[old] | calls[new],
            [
                {"state": "missed", "date_due": date(2026, 3, 5), "date_expiry": date(2026, 3, 17)},
                {"state": "planned", "date_due": date(2026, 3, 21), "date_expiry": date(2026, 4, 2)},
            ],
        )
        self.assertTrue(date(2026, 3, 23) <= calls[new].date_planned <= date(2026, 3, 30))

    def test_plan_replan(self):
        """New orders come in, missed days are spread again, done calls and calls of present agents stay."""
        self._create_delivered(self._create_customers(12), "2026-02-28 16:00")
        plan = self._create_plan()
        plan.action_preview()
        plan.action_confirm()
        calls = plan.sudo().callback_ids
        first_day = calls.filtered(lambda c: c.date_planned == date(2026, 3, 3))
        self.assertEqual(len(first_day), 2)
        with freeze_time("2026-03-03 02:00:00"):
            self._call(first_day[0], user=first_day[0].user_id)
        self.env["aftersales.callback.absence"].create(
            {
                "user_id": self.crc_2.id,
                "date_from": "2026-03-04",
                "date_to": "2026-03-31",
                "company_id": self.store.id,
            }
        )
        self._create_delivered(self._create_customers(2, 50), "2026-03-02 10:00")
        places = {c: (c.user_id, c.date_planned) for c in calls}
        with freeze_time("2026-03-04 00:30:00"):
            plan.action_replan()
        self.assertEqual(len(plan.sudo().callback_ids), 14)
        for callback, (user, day) in places.items():
            if callback == first_day[0]:
                self.assertEqual((callback.state, callback.date_planned), ("done", day))
            else:
                self.assertEqual(callback.user_id, self.crc)
                self.assertGreaterEqual(callback.date_planned, date(2026, 3, 4))
                if user == self.crc and day > date(2026, 3, 3):
                    self.assertEqual(callback.date_planned, day)

    def test_plan_replan_claimed(self):
        """A call on a screen, or agreed for later, is not moved; one left behind on a screen is."""
        orders = self._create_delivered(self._create_customers(2), "2026-02-28 16:00")
        plan = self._create_plan(self.crc)
        plan.action_preview()
        plan.action_confirm()
        calls = plan.sudo().callback_ids.sorted("id")
        self.assertEqual(calls.repair_order_id, orders)
        with freeze_time("2026-03-03 01:00:00"):
            self._call(calls[0], "call_later", call_later="2026-03-06 07:00:00")
            self.as_user(calls.browse(), self.crc).get_call(calls[1].id)
        self.env["aftersales.callback.absence"].create(
            {"user_id": self.crc.id, "date_from": "2026-03-03", "date_to": "2026-03-31", "company_id": self.store.id}
        )
        plan.agent_ids |= self.crc_2
        with freeze_time("2026-03-03 01:10:00"):
            plan.action_replan()
            self.assertEqual([c.user_id for c in calls], [self.crc, self.crc])
        with freeze_time("2026-03-04 01:00:00"):
            plan.action_replan()
            self.assertEqual([c.user_id for c in calls], [self.crc, self.crc_2])
        with freeze_time("2026-03-07 01:00:00"):
            plan.action_replan()
            self.assertEqual([c.user_id for c in calls], [self.crc_2, self.crc_2])

    def test_plan_calendar(self):
        """Public holidays and weekends get no call, a make-up working day does; a leave is not public."""
        self.env["resource.calendar.leaves"].create(
            {
                "name": "Holiday",
                "company_id": self.store.id,
                "calendar_id": self.store.resource_calendar_id.id,
                "date_from": self.utc("2026-03-04 00:00"),
                "date_to": self.utc("2026-03-05 23:59"),
            }
        )
        self.env["aftersales.working.day"].create(
            {"name": "Make-up day", "date": "2026-03-07", "dayofweek": "3", "company_id": self.store.id}
        )
        self._create_delivered(self._create_customers(20), "2026-02-28 16:00")
        plan = self._create_plan(self.crc)
        plan.action_preview()
        plan.action_confirm()
        days = set(plan.sudo().callback_ids.mapped("date_planned"))
        self.assertEqual(days, {date(2026, 3, d) for d in (3, 6, 7, 9, 10)})

    def test_plan_shortage(self):
        """Calls without room are said at once, kept without an agent, and placed when room is made."""
        self._create_delivered(self._create_customers(30), "2026-02-28 16:00")
        plan = self._create_plan(self.crc)
        plan.agent_line_ids.capacity = 2
        plan.action_preview()
        # 3 to 15 March: nine working days of two calls; the horizon of the month has 22 working days.
        self.assertEqual(plan.shortage, 12)
        self.assertEqual(plan.shortage_text, "22 working days left, 12 calls short")
        plan.action_confirm()
        self.assertEqual(len(plan.sudo().callback_ids.filtered(lambda c: not c.user_id)), 12)
        plan.agent_line_ids.capacity = 40
        plan.action_replan()
        self.assertFalse(plan.shortage)
        self.assertFalse(plan.sudo().callback_ids.filtered(lambda c: not c.user_id))

    def test_plan_absent(self):
        """Long-absent customers with consent are called once a stage; one who comes back is taken out."""
        cars = self._create_customers(3)
        dates = ("2025-08-20 10:00", "2025-02-10 10:00", "2026-02-01 10:00")
        for car, day in zip(cars, dates, strict=True):
            self._create_delivered(car, day, date_in=self.utc("2024-01-01 09:00"))
        consents = self.env["aftersales.consent"].with_company(self.store)
        for car in cars:
            consents.create({"partner_id": car.partner_id.id, "company_id": self.store.id})
        plan = self._create_plan(include_absent=True)
        plan.action_preview()
        plan.action_confirm()
        calls = plan.sudo().callback_ids.filtered(lambda c: c.kind == "absent").grouped("vehicle_id")
        self.assertEqual({car: call.absent_stage for car, call in calls.items()}, {cars[0]: "warning", cars[1]: "lost"})
        self._create_delivered(cars[0], "2026-03-02 08:15")
        self.assertEqual((calls[cars[0]].state, calls[cars[0]].cancel_reason), ("cancelled", "returned"))
        plan.action_replan()
        self.assertEqual(len(plan.sudo().callback_ids.filtered(lambda c: c.kind == "absent")), 2)

    def test_plan_cooldown(self):
        """A customer who was called a few days ago is not called again at once."""
        car = self._create_customers(1)
        other = self._create_callback(self._create_delivered(car, "2026-02-20 10:00"), date_due="2026-02-23")
        with freeze_time("2026-03-02 02:00:00"):
            self._call(other)
        self._create_delivered(car, "2026-03-01 10:00")
        plan = self._create_plan()
        plan.action_preview()
        self.assertGreaterEqual(plan.sudo().candidate_ids.date_planned, date(2026, 3, 9))

    def test_plan_rights(self):
        """Consultants and managers plan; others do not; nobody writes the state or a candidate."""
        plan = self._create_plan()
        for user in (self.advisor, self.archivist, self.gm, self.admin, self.crc_b):
            with self.assertRaises(AccessError):
                self.as_user(plan, user).action_preview()
        with self.assertRaises(UserError):
            plan.action_confirm()
        with mute_logger("odoo.addons.aftersales_crm.models.aftersales_protected_mixin"):
            with self.assertRaises(AccessError):
                plan.write({"state": "confirmed"})
            with self.assertRaises(AccessError):
                self.as_user(self.env["aftersales.callback.candidate"], self.manager).create(
                    {"plan_id": plan.id, "kind": "repair", "reason_code": "in_repair", "company_id": self.store.id}
                )
        with self.assertRaises(ValidationError):
            self._create_plan(self.advisor, month="2026-05-01")

    def test_plan_flat_queries(self):
        """A plan of five times the candidates costs the same number of queries."""

        def cost(count, start, month, today):
            with freeze_time(today):
                self._create_delivered(self._create_customers(count, start), f"{today[:10]} 07:00")
                plan = self._create_plan(month=month)
                plan.action_preview()
                self.env.flush_all()
                self.env.invalidate_all()
                queries = self.env.cr.sql_log_count
                plan.action_confirm()
                self.env.flush_all()
                queries = self.env.cr.sql_log_count - queries
                self.assertEqual(plan.callback_count, count)
            return queries

        small = cost(10, 0, "2026-05-01", "2026-05-04 00:30:00")
        large = cost(50, 100, "2026-07-01", "2026-07-06 00:30:00")
        self.assertLessEqual(large, small + 2)
