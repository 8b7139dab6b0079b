from datetime import timedelta

from freezegun import freeze_time
from psycopg2.errors import CheckViolation

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command, Date, Datetime
from odoo.tools import mute_logger

from .common_case import AftersalesCaseCommon

PROTECTED_LOG = "odoo.addons.aftersales_crm.models.aftersales_protected_mixin"
APPROVAL_LOG = "odoo.addons.aftersales_crm.models.aftersales_approval"


class TestCorrectiveAction(AftersalesCaseCommon):
    def test_whole_way(self):
        """Draft, submitted, signed, in progress, done, verified, closed: each by the person who may."""
        action = self._create_action()
        self.assertRegex(action.number, r"^CA/\d{4}/\d{5}$")
        self._lead_action_to(action, "closed")
        self.assertRecordValues(
            action,
            [
                {
                    "proposed_by_id": self.manager.id,
                    "done_by_id": self.advisor.id,
                    "verified_by_id": self.manager_2.id,
                    "effective": "yes",
                    "round": 1,
                }
            ],
        )
        self.assertIn(self.gm.partner_id, self._get_told(action))

    @mute_logger(PROTECTED_LOG)
    def test_protected(self):
        """State, signatures, dates and the measured effect cannot be written by anybody."""
        action = self._create_action()
        attacks = {
            "state": "signed",
            "date_signed": Datetime.now(),
            "effective": "yes",
            "effect_after": 0.0,
            "baseline": 99.0,
            "round": 2,
            "verified_by_id": self.gm.id,
        }
        for user in (self.crc, self.manager, self.gm):
            for name, value in attacks.items():
                with self.assertRaises(AccessError, msg=name):
                    self.as_user(action, user).write({name: value})
        with self.assertRaises(AccessError):
            self._create_action(state="closed")
        with self.assertRaises(AccessError):
            self.as_user(action.measure_ids, self.manager).date_done = Date.today()
        with self.assertRaises(AccessError):
            self.as_user(self.env["aftersales.corrective.round"], self.manager).create(
                {"action_id": action.id, "round": 9}
            )

    def test_submit_content(self):
        """Root cause, a measure of the kind, deadlines in order; human error is no root cause."""
        action = self._create_action(measures=False)
        case = self.as_user(action, self.manager)
        with self.assertRaisesRegex(UserError, "measure"):
            case.action_submit()
        today = self.store._aftersales_today()
        measure = {"name": "Print", "responsible_id": self.advisor.id, "date_deadline": Date.add(today, days=99)}
        case.measure_ids = [Command.create(measure)]
        with self.assertRaisesRegex(UserError, "after the deadline"):
            case.action_submit()
        case.measure_ids.date_deadline = Date.add(today, days=5)
        case.root_cause = " "
        with self.assertRaisesRegex(UserError, "root cause"):
            case.action_submit()
        case.write({"root_cause": "Somebody forgot.", "cause_id": self.cause_human.id})
        with self.assertRaisesRegex(UserError, "Human error"):
            case.action_submit()
        case.cause_id = self.cause
        case.measure_ids.responsible_id = self.manager_2
        with self.assertRaisesRegex(UserError, "supervisor"):
            case.action_submit()
        case.measure_ids.responsible_id = self.advisor
        case.action_submit()
        self.assertEqual(action.state, "submitted")

    def test_responsible_is_not_supervisor(self):
        """In SQL: nobody supervises their own work."""
        with mute_logger("odoo.sql_db"), self.assertRaises(CheckViolation):
            self._create_action(supervisor_id=self.advisor.id)

    @mute_logger(APPROVAL_LOG)
    def test_sign_independence(self):
        """Only the GM signs; not as proposer, not as responsible person."""
        action = self._create_action()
        self._lead_action_to(action, "submitted")
        for user in (self.manager, self.manager_2, self.crc, self.gm_b):
            with self.assertRaises(UserError):
                self._sign(action, user)
        own = self._create_action(user=self.gm)
        self.as_user(own, self.gm).action_submit()
        with self.assertRaises(UserError):
            self._sign(own)
        responsible = self._create_action(responsible_id=self.gm.id)
        self.as_user(responsible, self.manager).action_submit()
        with self.assertRaises(UserError):
            self._sign(responsible)

    def test_what_is_signed_is_read(self):
        """The general manager reads amounts with their currency, and each measure with who, until when and its round."""
        action = self._create_action(cost_planned=1200)
        self.as_user(action, self.manager).action_submit()
        lines = action.sudo().approval_ids.with_user(self.gm).summary.splitlines()
        currency = self.store.currency_id
        self.assertIn(f"Planned Cost: {currency.format(1200)}", lines)
        measure = action.measure_ids
        self.assertIn(
            f"Measures: Corrective, {measure.name}, {measure.responsible_id.name}, {measure.date_deadline}, Round 1",
            lines,
        )

    def test_return_with_reason(self):
        """Returned with a reason it is a draft again; submitted anew it is signed in the second round of asking."""
        action = self._create_action()
        self._lead_action_to(action, "submitted")
        with self.assertRaises(UserError):
            action._approval_pending("sign").with_user(self.gm).decide("returned", "")
        action._approval_pending("sign").with_user(self.gm).decide("returned", "Who prints on Sundays?")
        self.assertRecordValues(action, [{"state": "draft", "return_reason": "Who prints on Sundays?"}])
        self.as_user(action, self.manager).containment = "On Sundays the advisor prints."
        self._lead_action_to(action, "signed")
        rows = action.sudo().approval_ids.sorted("id")
        self.assertEqual(rows.mapped("state"), ["returned", "approved"])

    def test_signature_binds_content(self):
        """A change of measure, responsible person, deadline or indicator voids the signature; a team change does not."""
        today = self.store._aftersales_today()
        changes = (
            lambda a: a.measure_ids.write({"name": "Print the quote."}),
            lambda a: a.write({"responsible_id": self.advisor_2.id}),
            lambda a: a.write({"date_deadline": Date.add(today, days=25)}),
            lambda a: a.write({"indicator": "comebacks"}),
            lambda a: a.write({"measure_ids": [Command.clear()]}),
        )
        for change in changes:
            action = self._create_action()
            self._lead_action_to(action, "in_progress")
            change(self.as_user(action, self.manager))
            self.assertEqual(action.state, "submitted")
            self.assertFalse(action._approval_current("sign"))
            self.assertTrue(action._approval_pending("sign"))
            with self.assertRaises(UserError):
                self.as_user(action, action.responsible_id).action_done()
        action = self._create_action()
        self._lead_action_to(action, "in_progress")
        self.as_user(action, self.manager).write({"team_ids": [Command.set(self.crc.ids)], "w_who": "Advisor"})
        self.assertEqual(action.state, "in_progress")
        self.as_user(action, self.manager).responsible_id = self.advisor_2
        self._sign(action)
        self.assertEqual(action.state, "in_progress")

    def test_one_save_voids_once(self):
        """A save of the plan and several of its lines voids the signature once and asks once."""
        action = self._create_action()
        self._lead_action_to(action, "in_progress")
        line = action.measure_ids
        self.as_user(action, self.manager).write(
            {
                "problem": "Customers are surprised by price and time.",
                "measure_ids": [
                    Command.update(line.id, {"name": "Print and explain the quote"}),
                    Command.create(
                        {
                            "name": "Call when the price changes",
                            "kind": "corrective",
                            "responsible_id": self.advisor.id,
                            "date_deadline": line.date_deadline,
                        }
                    ),
                ],
            }
        )
        rows = action.sudo().approval_ids.sorted("id")
        self.assertEqual(rows.mapped("state"), ["void", "pending"])
        self.assertIn("Call when the price changes", rows[1].changes)
        self.assertIn("surprised by price and time", rows[0].void_reason)
        self.assertEqual(rows[0].voided_by_id, self.manager)
        self._sign(action)
        self.assertTrue(action._approval_current("sign"))

    def test_done_by_responsible(self):
        """Only the responsible person starts and reports; every measure must be done first."""
        action = self._create_action()
        self._lead_action_to(action, "signed")
        for user in (self.manager, self.manager_2, self.gm, self.advisor_2):
            with self.assertRaises(AccessError):
                self.as_user(action, user).action_start()
        mine = self.as_user(action, self.advisor)
        with self.assertRaises(UserError):
            mine.action_done()
        with self.assertRaises(UserError):
            self.as_user(action.measure_ids, self.advisor).action_done()
        mine.action_start()
        with self.assertRaisesRegex(UserError, "not done"):
            mine.action_done()
        with self.assertRaises(AccessError):
            self.as_user(action.measure_ids, self.manager).action_done()
        self.as_user(action.measure_ids, self.advisor).action_done("photo")
        with self.assertRaises(AccessError):
            self.as_user(action, self.manager).action_done()
        mine.action_done()
        self.assertEqual(action.state, "done")

    def test_verify_by_supervisor(self):
        """The supervisor verifies, nobody else; before the window ends only with a reason."""
        action = self._lead_action_to(self._create_action(), "done")
        for user in (self.advisor, self.manager, self.gm):
            with self.assertRaises(AccessError):
                self.as_user(action, user).action_verify("yes", "Fine.", "Now")
        supervisor = self.as_user(action, self.manager_2)
        with self.assertRaises(UserError):
            supervisor.action_verify("yes", " ", "Now")
        with self.assertRaisesRegex(UserError, "window"):
            supervisor.action_verify("yes", "Fine.")
        with self.assertRaises(UserError):
            supervisor.action_close()
        # Callbacks are due three days after the repair: what was repaired after the work is known as many days later.
        with freeze_time(Datetime.now() + timedelta(days=33)), self.assertRaisesRegex(UserError, "window"):
            supervisor.action_verify("yes", "Fine.")
        with freeze_time(Datetime.now() + timedelta(days=34)):
            supervisor.action_verify("yes", "Fine.")
        self.assertEqual(action.state, "verified")
        with self.assertRaises(UserError):
            self.as_user(action, self.manager).root_cause = "Other"
        with self.assertRaises(UserError):
            self.as_user(action.measure_ids, self.manager).name = "Other"

    def test_new_round(self):
        """Without effect a new round starts and keeps the old one; the old signature does not carry over."""
        action = self._lead_action_to(self._create_action(), "done")
        self.as_user(action, self.manager_2).action_verify("no", "No change.", "Clear already")
        self.assertRecordValues(action, [{"state": "draft", "round": 2, "effective": False}])
        self.assertRecordValues(
            action.round_ids, [{"round": 1, "effective": "no", "effect_conclusion": action.round_ids.effect_conclusion}]
        )
        self.assertIn("Print the quote", action.round_ids.measures)
        case = self.as_user(action, self.manager)
        with self.assertRaisesRegex(UserError, "measure"):
            case.action_submit()
        with self.assertRaises(UserError):
            case.measure_ids.name = "Rewritten history"
        case.root_cause = "Nobody checks the quote."
        self.assertFalse(action._approval_pending("sign"))
        today = self.store._aftersales_today()
        case.measure_ids = [
            Command.create(
                {"name": "Check", "responsible_id": self.advisor.id, "date_deadline": Date.add(today, days=3)}
            )
        ]
        case.action_submit()
        with self.assertRaises(UserError):
            self.as_user(action, self.advisor).action_start()
        self._sign(action)
        self.assertEqual(action.state, "signed")

    def test_extension(self):
        """A later deadline is a request with reason that the GM decides; the signature then holds for the new date."""
        action = self._lead_action_to(self._create_action(), "in_progress")
        first = action.date_deadline
        later = Date.add(first, days=10)
        with self.assertRaises(AccessError):
            self.as_user(action, self.manager).action_request_extension(later, "Paper")
        mine = self.as_user(action, self.advisor)
        with self.assertRaises(UserError):
            mine.action_request_extension(first, "Paper")
        with self.assertRaises(UserError):
            mine.action_request_extension(later, "")
        mine.action_request_extension(later, "No paper")
        self.assertEqual(action.date_deadline, first)
        with mute_logger(APPROVAL_LOG), self.assertRaises(UserError):
            mine.action_approval_approve()
        self._sign(action)
        self.assertRecordValues(
            action,
            [
                {
                    "date_deadline": later,
                    "date_first_deadline": first,
                    "extension_count": 1,
                    "state": "in_progress",
                }
            ],
        )
        self.assertTrue(action._approval_current("sign"))

    def test_overdue_ladder(self):
        """Before, overdue, GM: each rung once a deadline, whatever runs of the scheduler were missed."""
        action = self._lead_action_to(self._create_action(), "in_progress")
        cron = self.env.ref("aftersales_crm.ir_cron_aftersales_action_overdue")
        deadline = Datetime.to_datetime(action.date_deadline) + timedelta(hours=4)

        def run(days):
            with freeze_time(deadline + timedelta(days=days)), self.enter_registry_test_mode():
                cron.method_direct_trigger()
                cron.method_direct_trigger()
            self.env.invalidate_all()
            return self.env["aftersales.corrective.reminder"].search([("action_id", "=", action.id)], order="id")

        self.assertFalse(run(-5))
        self.assertEqual(run(-2).mapped("rung"), ["before"])
        self.assertEqual(run(0).mapped("rung"), ["before"])
        # The scheduler sleeps for three weeks: nothing is lost, nothing twice.
        rows = run(21)
        self.assertEqual(rows.mapped("rung"), ["before", "overdue", "gm"])
        self.assertEqual(rows[1].user_ids, self.advisor | self.manager_2)
        self.assertEqual(rows[2].user_ids, self.manager_2 | self.gm)
        self.assertEqual(len(run(40)), 3)

    def test_weekly_digest(self):
        """The GM gets one digest a week, however often the job runs."""
        self._create_action()
        cron = self.env.ref("aftersales_crm.ir_cron_aftersales_action_digest")

        def count():
            self.env.invalidate_all()
            return self.env["mail.message"].search_count(
                [("notified_partner_ids", "in", self.gm.partner_id.ids), ("subject", "like", "Corrective actions of")]
            )

        with self.enter_registry_test_mode():
            cron.method_direct_trigger()
            cron.method_direct_trigger()
        self.assertEqual(count(), 1)
        with freeze_time(Datetime.now() + timedelta(days=7)), self.enter_registry_test_mode():
            cron.method_direct_trigger()
        self.assertEqual(count(), 2)

    def test_progress_notes(self):
        """Supervisor and team keep dated notes that nobody changes."""
        action = self._create_action()
        with self.assertRaises(AccessError):
            self.as_user(action, self.crc).action_add_progress("Hello")
        self.as_user(action, self.manager_2).action_add_progress("Half printed.")
        note = action.progress_ids
        self.assertRecordValues(note, [{"user_id": self.manager_2.id, "note": "Half printed."}])
        with mute_logger(PROTECTED_LOG), self.assertRaises(AccessError):
            note.sudo().note = "All printed."

    def test_cancel_and_delete(self):
        """A submitted action is cancelled with a reason, never deleted."""
        action = self._lead_action_to(self._create_action(), "submitted")
        with self.assertRaises(UserError):
            self.as_user(action, self.manager).unlink()
        with self.assertRaises(UserError):
            self.as_user(action, self.manager).action_cancel_action(" ")
        with self.assertRaises(AccessError):
            self.as_user(action, self.crc).action_cancel_action("No.")
        self.as_user(action, self.manager).action_cancel_action("Overtaken.")
        self.assertEqual(action.state, "cancelled")
        self.assertFalse(action._approval_pending())
        self.as_user(self._create_action(), self.manager).unlink()

    def test_rights(self):
        """Every staff member reads; advisors carry out but do not write the plan; other stores see nothing."""
        action = self._create_action()
        self.assertTrue(self.as_user(action, self.advisor).name)
        with self.assertRaises(AccessError):
            self.as_user(action, self.advisor).name = "Mine"
        with self.assertRaises(AccessError):
            self.as_user(action.measure_ids, self.advisor).name = "Mine"
        for user in (self.gm_b, self.manager_b, self.officer):
            with self.assertRaises(AccessError):
                self.as_user(action, user).read(["name"])
            with self.assertRaises(AccessError):
                self.as_user(action.measure_ids, user).read(["name"])

    def test_born_from_complaint(self):
        """An action opened from a complaint carries its problem, cause and link."""
        complaint = self._lead_to(self._create_complaint(), "investigated")
        action = self.as_user(complaint, self.manager).action_create_corrective_action()
        context = action["context"]
        self.assertEqual(context["default_complaint_ids"], [Command.link(complaint.id)])
        self.assertEqual(context["default_problem"], complaint.description)
