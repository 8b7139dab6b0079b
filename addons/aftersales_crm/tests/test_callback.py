from datetime import date
from unittest.mock import patch

from freezegun import freeze_time
from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common_callback import AftersalesCallbackCommon

PROTECTED_LOG = "odoo.addons.aftersales_crm.models.aftersales_protected_mixin"


@tagged("post_install", "-at_install")
@freeze_time("2026-03-05 01:00:00")  # Thursday 9:00 in the stores
class TestCallback(AftersalesCallbackCommon):
    def test_callback_completed(self):
        """All required questions answered: done, made, successful, with the score beside it."""
        callback = self._create_callback()
        result = self._call(callback, duration=95, note="Very friendly", client_key="k1")
        self.assertEqual((result["state"], result["id"]), ("done", callback.id))
        self.assertRecordValues(
            callback,
            [
                {
                    "state": "done",
                    "is_made": True,
                    "is_completed": True,
                    "attempt_count": 1,
                    "satisfaction": "5",
                    "has_problem": False,
                    "remark": "Very friendly",
                    "questionnaire_id": self.questionnaire.id,
                }
            ],
        )
        self.assertRecordValues(
            callback.attempt_ids,
            [
                {
                    "user_id": self.crc.id,
                    "duration": 95,
                    "is_reached": True,
                    "phone": "13800138000",
                    "date_attempt": callback.date_done,
                }
            ],
        )
        self.assertEqual(len(callback.answer_ids), 9)
        self.assertTrue(all(answer.is_good for answer in callback.answer_ids))

    def test_callback_saved_twice(self):
        """A call that is saved again with the same key, after a lost answer, is counted once."""
        callback = self._create_callback()
        self._call(callback, client_key="same")
        self._call(callback, client_key="same")
        self.assertEqual(callback.attempt_count, 1)
        with self.assertRaises(UserError):
            self._call(callback, client_key="other")

    def test_callback_answers_checked(self):
        """Completed needs every required answer; foreign questions, wrong values and a mute demand are refused."""
        callback = self._create_callback()
        answers = self._answers()
        del answers[str(self.question["fixed"].id)]
        foreign = self.env.ref("aftersales_crm.questionnaire_absent").question_ids[0]
        cases = [
            {"outcome": "completed", "answers": answers},
            {"outcome": "completed", "answers": {**self._answers(), str(foreign.id): "yes"}},
            {"outcome": "completed", "answers": self._answers(satisfaction=9)},
            {"outcome": "completed", "answers": {"polite": "yes"}},
            {"outcome": "completed", "answers": ["yes"]},
            {"outcome": "partial", "answers": {}},
            {"outcome": "no_answer", "answers": answers},
            {"outcome": "no_answer", "demand": True},
            {"outcome": "never_heard"},
            {"outcome": "completed", "call_later": "2026-03-06 02:00:00"},
            {"outcome": "completed", "duration": -1},
            {"outcome": "completed", "channel": "pigeon"},
        ]
        for case in cases:
            with self.assertRaises(ValidationError, msg=str(case)), self.cr.savepoint():
                self._call(callback, **case)
        self.assertEqual((callback.state, callback.attempt_count), ("planned", 0))
        self._call(callback, "partial", answers=answers)
        self.assertEqual((callback.state, callback.is_completed), ("done", False))

    def test_callback_problem(self):
        """Problem answers, a low score or a demand reach the hook once, with their category."""
        callback = self._create_callback()
        seen = []
        hook = "odoo.addons.aftersales_crm.models.aftersales_callback.AftersalesCallback._callback_problem"
        with patch(hook, autospec=True, side_effect=lambda record, answers, demand: seen.append((answers, demand))):
            self._call(callback, answers=self._answers(fixed="no", satisfaction=2, praise="Miss Li"), demand=True)
        [(answers, demand)] = seen
        self.assertEqual(answers.question_id, self.question["fixed"] | self.question["satisfaction"])
        self.assertEqual(answers[0].problem_category_id, self.env.ref("aftersales_crm.problem_category_repair_quality"))
        self.assertTrue(demand)
        self.assertRecordValues(
            callback, [{"has_problem": True, "customer_demands": True, "praise": "Miss Li", "satisfaction": "2"}]
        )

    def test_callback_later(self):
        """An agreed time keeps the call open, with what was answered; it comes back then and is completed."""
        callback = self._create_callback()
        with self.assertRaises(ValidationError):
            self._call(callback, "call_later")
        with self.assertRaises(ValidationError):
            self._call(callback, "call_later", call_later="2026-03-18 02:00:00")
        with self.assertRaises(ValidationError):
            self._call(callback, "call_later", call_later="2026-03-04 02:00:00")
        with self.assertRaises(ValidationError):
            self._call(callback, "call_later", call_later="tomorrow")
        polite = str(self.question["polite"].id)
        self._call(callback, "call_later", call_later="2026-03-06 07:00:00", answers={polite: "yes"})
        self.assertRecordValues(
            callback, [{"state": "planned", "date_planned": date(2026, 3, 6), "is_made": True, "failed_count": 0}]
        )
        crc = self.as_user(self.env["aftersales.callback"], self.crc)
        self.assertFalse(crc.get_call()["call"])
        with freeze_time("2026-03-06 07:01:00"):
            call = crc.get_call()["call"]
            self.assertEqual((call["id"], call["answers"]), (callback.id, {int(polite): "yes"}))
            answers = self._answers()
            del answers[polite]
            self._call(callback, answers=answers)
        self.assertRecordValues(callback, [{"state": "done", "is_completed": True, "attempt_count": 2}])

    def test_callback_later_is_a_wish(self):
        """An agreed time in the afternoon is the preferred time from then on."""
        callback = self._create_callback()
        with freeze_time("2026-03-05 01:00:00"):
            self._call(callback, "call_later", call_later="2026-03-06 07:00:00")
        self.assertEqual((callback.time_preference, callback.date_planned), ("afternoon", date(2026, 3, 6)))

    def test_callback_retry_and_letter(self):
        """Not reached: again on the next working day, at most once a day; the fifth time a letter goes out."""
        self.owner.email = "owner@example.com"
        callback = self._create_callback()
        days = ["2026-03-05", "2026-03-06", "2026-03-09", "2026-03-10", "2026-03-11"]
        for number, day in enumerate(days, 1):
            self.assertEqual(callback.date_planned.isoformat(), day)
            with freeze_time(f"{day} 02:00:00"):
                self._call(callback, "busy" if number % 2 else "no_answer")
                if number < 5:
                    with self.assertRaises(UserError), self.cr.savepoint():
                        self._call(callback, "no_answer")
        self.assertRecordValues(callback, [{"state": "unreachable", "failed_count": 5, "letter_state": "sent"}])
        mail = self.env["mail.mail"].search([("model", "=", "aftersales.callback"), ("res_id", "=", callback.id)])
        self.assertEqual(mail.recipient_ids, self.owner)
        self.assertIn("in vain", mail.body_html)

    def test_callback_letter_printed(self):
        """A customer without e-mail, or who refused it, gets a letter to print."""
        callback = self._create_callback()
        callback._write_protected({"failed_count": 4})
        self._call(callback, "switched_off")
        self.assertEqual((callback.state, callback.letter_state), ("unreachable", "to_send"))
        action = self.as_user(callback, self.crc).action_print_letter()
        self.assertEqual((action["type"], callback.letter_state), ("ir.actions.report", "printed"))
        html = (
            self.env["ir.actions.report"]
            ._render_qweb_html("aftersales_crm.report_callback_letter", callback.ids)[0]
            .decode()
        )
        self.assertIn("张三", html)

    def test_callback_letter_sms(self):
        """An SMS opens with its text and the whole number, which is on record; not to who refused SMS, nor before."""
        self.owner.email = False
        callback = self._create_callback()
        mine = self.as_user(callback, self.crc)
        with freeze_time("2026-03-05 01:00:00"), self.assertRaisesRegex(UserError, "none is selected"):
            mine.action_send_sms()
        callback._write_protected({"state": "unreachable", "letter_state": "to_send"})
        for user in (self.advisor, self.gm):
            with self.assertRaises(AccessError):
                self.as_user(callback, user).action_send_sms()
        reveals = self.env["aftersales.reveal"].search_count([("partner_id", "=", self.owner.id)])
        action = mine.action_send_sms()
        self.assertTrue(action["url"].startswith("sms:13"), action["url"])
        self.assertIn("Store%20A", action["url"])
        self.assertNotIn("%3Cp", action["url"])
        self.assertEqual(callback.letter_state, "sms")
        self.assertEqual(self.env["aftersales.reveal"].search_count([("partner_id", "=", self.owner.id)]), reveals + 1)
        self.env["aftersales.consent"].with_company(self.store)._withdraw(self.owner, channel="sms")
        with self.assertRaisesRegex(UserError, "does not want to get SMS"):
            mine.action_send_sms()

    def test_callback_outcomes(self):
        """Each outcome drives its next step."""
        cars = self._create_customers(5)
        orders = self._create_delivered(cars)
        calls = [self._create_callback(order) for order in orders]
        self._call(calls[0], "refused_now")
        self._call(calls[1], "wrong_number")
        self._call(calls[2], "car_sold")
        self._call(calls[3], "duplicate")
        self.assertEqual([c.state for c in calls[:4]], ["refused", "invalid", "invalid", "invalid"])
        self.assertEqual(cars[:4].mapped("data_check_reason"), [False, "wrong_number", "car_sold", False])
        self.assertEqual(cars[2].activity_ids.user_id, self.advisor)
        again = self._create_callback(self._create_delivered(cars[4]))
        self._call(calls[4], "refused_all")
        self.assertEqual(calls[4].state, "refused")
        self.assertEqual((again.state, again.cancel_reason), ("cancelled", "consent_withdrawn"))
        consents = self.env["aftersales.consent"].with_company(self.store)
        self.assertEqual(consents._blocked_partners(cars[4].partner_id), cars[4].partner_id)

    def test_callback_withdrawn_on_open_screen(self):
        """A withdrawal takes effect at once, also on a screen that is open: it cannot be saved any more."""
        callback = self._create_callback()
        crc = self.as_user(self.env["aftersales.callback"], self.crc)
        self.assertEqual(crc.get_call()["call"]["id"], callback.id)
        mine = self.as_user(callback, self.crc)
        self.assertTrue(mine.keep_call()["ok"])
        self.as_user(self.owner, self.advisor).action_aftersales_do_not_call("asked at the counter")
        self.assertEqual((callback.state, callback.cancel_reason), ("cancelled", "do_not_call"))
        self.assertFalse(mine.keep_call()["ok"])
        with self.assertRaises(UserError):
            self._call(callback)
        self.assertFalse(crc.get_call()["call"])

    def test_callback_withdrawn_is_told(self):
        """The screen on which the call is open is told at once; a screen without that call is not."""
        callback = self._create_callback()
        other = self._create_callback(self._create_delivered(self._create_customers(1, 70)))
        self.as_user(callback.browse(), self.crc).get_call(callback.id)
        users = type(self.env["res.users"])
        with patch.object(users, "_bus_send", autospec=True) as bus:
            (callback | other)._do_cancel("consent_withdrawn")
        self.assertEqual(
            [(call.args[0], call.args[1], call.args[2]["id"]) for call in bus.call_args_list],
            [(self.crc, "aftersales_call_stop", callback.id)],
        )

    def test_callback_order_events(self):
        """The answer at the hand-over and a cancelled order take the planned call back."""
        cars = self._create_customers(2)
        orders = self._create_delivered(cars)
        calls = [self._create_callback(order) for order in orders]
        orders[0].callback_consent = "no"
        self.as_user(orders[1], self.manager).action_cancel("entered twice")
        self.assertEqual([c.cancel_reason for c in calls], ["consent_withdrawn", "order_cancelled"])

    def test_callback_follows_car_and_order(self):
        """A corrected delivery moves the window; a sold car takes the former owner's call back."""
        callback = self._create_callback()
        callback.repair_order_id.date_out = self.utc("2026-03-03 10:00")
        self.assertRecordValues(
            callback,
            [{"date_due": date(2026, 3, 6), "date_expiry": date(2026, 3, 18), "date_planned": False}],
        )
        self.vehicle._ownership_changed(self.owner)
        self.assertEqual((callback.state, callback.cancel_reason), ("cancelled", "ownership_changed"))

    def test_callback_blocked_never_created(self):
        """Nobody plans a call by hand to a customer who does not want it."""
        self.owner._aftersales_set_do_not_call("asked")
        order = self._create_delivered(self.vehicle)
        with self.assertRaises(UserError):
            self.as_user(self.env["aftersales.callback"], self.crc).create(
                {"repair_order_id": order.id, "date_due": "2026-03-05"}
            )

    def test_callback_expired(self):
        """A callback whose window has passed counts as missed from the next day of the store on."""
        callback = self._create_callback()
        callbacks = self.env["aftersales.callback"]
        with freeze_time("2026-03-17 15:59:00"):  # 23:59 in the store
            self.assertFalse(callbacks._expire(self.store))
        with freeze_time("2026-03-17 16:00:00"):
            self.assertEqual(callbacks._expire(self.store), callback)
            self.assertFalse(callbacks._expire(self.store))
            with self.assertRaises(UserError):
                self._call(callback)
        self.assertEqual((callback.state, callback.is_made), ("missed", False))

    def test_callback_independent(self):
        """Who worked on the order cannot make its call, be given it, or allow himself to; a manager may allow it."""
        order = self._create_delivered(self.vehicle, advisor_id=self.manager.id, technician_ids=self.crc.ids)
        with self.assertRaises(UserError):
            self._create_callback(order)
        callback = self._create_callback(order, user_id=False)
        with self.assertRaises(UserError):
            self._call(callback)
        self.assertFalse(self.as_user(callback.browse(), self.crc).get_call()["call"])
        with self.assertRaises(UserError):
            self.as_user(callback, self.manager).user_id = self.crc
        with self.assertRaises(UserError):
            self.as_user(callback, self.manager_2).action_allow_exception("small store")
        self.store.aftersales_allow_exceptions = True
        with self.assertRaises(UserError):
            self.as_user(callback, self.manager).action_allow_exception("I may")
        with self.assertRaises(AccessError):
            self.as_user(callback, self.crc).action_allow_exception("I may")
        self.as_user(callback, self.manager_2).action_allow_exception("small store")
        self._call(callback)
        self.assertRecordValues(
            callback, [{"state": "done", "independence_exception": "small store", "exception_by_id": self.manager_2.id}]
        )

    def test_callback_claim(self):
        """Two agents never get the same call; a claim ends after a while; own calls and agreed times come first."""
        order = self._create_delivered(self.vehicle)
        callback = self._create_callback(order, user_id=False)
        first = self.as_user(callback.browse(), self.crc).get_call()
        self.assertEqual((first["call"]["id"], first["queue"]["left"]), (callback.id, 1))
        second = self.as_user(callback.browse(), self.crc_2).get_call()
        self.assertEqual((second["call"], second["queue"]["left"]), (False, 0))
        with self.assertRaises(UserError):
            self.as_user(callback.browse(), self.crc_2).get_call(callback.id)
        with self.assertRaises(UserError):
            self._call(callback, user=self.crc_2)
        with freeze_time("2026-03-05 01:21:00"):
            self.assertEqual(self.as_user(callback.browse(), self.crc_2).get_call()["call"]["id"], callback.id)
            with self.assertRaises(UserError):
                self._call(callback)
            self.as_user(callback, self.crc_2).action_release_call()
            self.assertEqual(self.as_user(callback.browse(), self.crc).get_call()["call"]["id"], callback.id)
        self.assertEqual(callback.user_id.id, False)

    def test_callback_screen_content(self):
        """The screen shows customer, car, work, script and questions, and the look at the number is on record."""
        order = self._create_delivered(
            self.vehicle,
            line_ids=[(0, 0, {"line_type": "work", "name": "Oil change"})],
            callback_time="morning",
        )
        kind = self.env["aftersales.preference.kind"].search([], limit=1)
        self.env["aftersales.preference"].create(
            {"vehicle_id": self.vehicle.id, "kind_id": kind.id, "value": "Green tea"}
        )
        callback = self._create_callback(order)
        crc = self.as_user(callback.browse(), self.crc)
        call = crc.get_call()["call"]
        self.assertEqual(call["customer"]["dial"], "13800138000")
        self.assertTrue(call["customer"]["is_mobile"])
        self.assertEqual(call["order"]["lines"][0]["name"], "Oil change")
        self.assertEqual([like["value"] for like in call["preferences"]], ["Green tea"])
        self.assertIn("张三", call["script"]["opening"])
        self.assertIn("Oil change", call["script"]["opening"])
        self.assertNotIn("{", call["script"]["opening"] + call["script"]["closing"])
        self.assertEqual([q["id"] for q in call["questions"]], self.questionnaire.question_ids.ids)
        crc.get_call()
        reveals = self.env["aftersales.reveal"].search([("partner_id", "=", self.owner.id)])
        self.assertRecordValues(reveals, [{"user_id": self.crc.id, "purpose": "callback"}])

    def test_callback_protected(self):
        """No role writes a state, a score, an attempt or an answer; none forges one by create or context."""
        callback = self._create_callback()
        self._call(callback)
        attempts = [
            lambda env: callback.with_env(env).write({"state": "planned"}),
            lambda env: callback.with_env(env).write({"satisfaction": "5"}),
            lambda env: callback.with_env(env).write({"attempt_ids": [(0, 0, {})]}),
            lambda env: callback.with_env(env).write({"answer_ids": [(2, callback.answer_ids[0].id)]}),
            lambda env: callback.answer_ids[0].with_env(env).write({"value_yes_no": "no"}),
            lambda env: callback.answer_ids[0].with_env(env).unlink(),
            lambda env: callback.attempt_ids[0].with_env(env).write({"duration": 999}),
            lambda env: callback.attempt_ids[0].with_env(env).unlink(),
            lambda env: env["aftersales.callback"].create(
                {"partner_id": self.owner.id, "date_due": "2026-03-05", "state": "done"}
            ),
        ]
        for user in (self.advisor, self.crc, self.manager, self.gm, self.admin, self.archivist, self.officer):
            for attempt in attempts:
                with (
                    self.assertRaises(AccessError, msg=user.name),
                    self.cr.savepoint(),
                    mute_logger(PROTECTED_LOG, "odoo.addons.base.models.ir_model", "odoo.addons.base.models.ir_rule"),
                ):
                    attempt(self.as_user(callback, user).env)
        for attempt in attempts[:2] + attempts[4:5] + attempts[6:8]:
            with self.assertRaises(AccessError), self.cr.savepoint(), mute_logger(PROTECTED_LOG):
                attempt(self.env)
        forged = self.as_user(callback.browse(), self.crc).with_context(default_state="done")
        with mute_logger(PROTECTED_LOG):
            second = forged.create({"partner_id": self._create_customers(1, 77).partner_id.id})
        self.assertEqual(second.state, "planned")

    def test_callback_rights(self):
        """Consultants call in their own store; advisors read their own orders' callbacks; others nothing."""
        callback = self._create_callback(user_id=False)
        self.assertTrue(self.as_user(callback, self.advisor).has_access("read"))
        for user in (self.advisor_2, self.archivist, self.officer, self.crc_b, self.manager_b, self.gm_b, self.admin_b):
            self.assertFalse(self.as_user(callback, user).has_access("read"), user.name)
        for user in (self.advisor, self.gm, self.admin, self.archivist):
            with self.assertRaises(AccessError):
                self._call(callback, user=user)
            with self.assertRaises(AccessError):
                self.as_user(callback.browse(), user).get_call()
        with self.assertRaises(AccessError):
            self.as_user(callback, self.crc).action_cancel("other", "no")
        with self.assertRaises(AccessError):
            self.as_user(callback, self.crc).date_expiry = "2026-04-17"
        with self.assertRaises(UserError):
            self.as_user(callback, self.crc).date_planned = "2026-03-18"
        self.as_user(callback, self.crc).date_planned = "2026-03-06"
        with self.assertRaises(UserError):
            self.as_user(callback, self.manager).action_cancel("other")
        with self.assertRaises(ValidationError):
            self.as_user(callback, self.manager).action_cancel("I do not like it")
        self.as_user(callback, self.manager).action_cancel("other", "car burnt")
        self.assertEqual((callback.state, callback.cancel_reason), ("cancelled", "other"))
        with self.assertRaises(UserError):
            self.as_user(callback, self.manager).date_planned = "2026-03-07"
        with self.assertRaises(UserError):
            callback.unlink()

    def test_callback_unique(self):
        """One callback an order and kind, by SQL; a second callback may be repeated."""
        callback = self._create_callback()
        with self.assertRaises(IntegrityError), self.cr.savepoint(), mute_logger("odoo.sql_db"):
            self._create_callback(callback.repair_order_id)
        for _number in range(2):
            self._create_callback(callback.repair_order_id, kind="second")

    def test_callback_save_flat_queries(self):
        """Saving costs the same number of queries with two waiting calls and with forty."""

        def cost(start, count):
            self.env["aftersales.callback"].search([("state", "=", "planned")])._do_cancel("other")
            calls = [
                self._create_callback(order) for order in self._create_delivered(self._create_customers(count, start))
            ]
            self.as_user(calls[0].browse(), self.crc).get_call()
            self.env.flush_all()
            self.env.invalidate_all()
            queries = self.env.cr.sql_log_count
            self._call(calls[0], next_call=True)
            self.env.flush_all()
            return self.env.cr.sql_log_count - queries

        cost(600, 2)
        self.assertLessEqual(cost(100, 40), cost(200, 2) + 1)
