from datetime import timedelta

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command, Datetime

from .common_case import AftersalesCaseCommon

PROTECTED_LOG = "odoo.addons.aftersales_crm.models.aftersales_protected_mixin"


class TestComplaintTurns(AftersalesCaseCommon):
    """Turns that a case can take off the straight way: recurrence, rejection, merging, hand-over, pause, appeal."""

    def test_third_complaint(self):
        """The third complaint of the same car or customer is raised; grievances do not count."""
        levels = [self._create_complaint(kind_id=kind.id).level for kind in self._different_kinds()]
        self.assertEqual(levels, ["general", "general", "important"])

    def _different_kinds(self):
        return [self.env.ref(f"aftersales_crm.complaint_kind_{code}") for code in ("price", "parts", "information")]

    def test_recurrence(self):
        """Same car, same problem group within 90 days: linked, raised, and a root cause of its own demanded."""
        first = self._lead_to(self._create_complaint(), "closed")
        second = self._create_complaint(kind_id=self.env.ref("aftersales_crm.complaint_kind_not_fixed").id)
        self.assertRecordValues(second, [{"recurrence_of_id": first.id, "level": "important"}])
        self._lead_to(second, "classified")
        case = self.as_user(second, self.gm)
        case.write(self._investigation())
        with self.assertRaises(UserError):
            case.action_investigate()
        case.root_cause = "The standard is not trained."
        case.action_investigate()

    def test_recurrence_found_later(self):
        """A complaint whose kind is known only when it is classified is found to be a recurrence then, and raised."""
        first = self._lead_to(self._create_complaint(), "closed")
        second = self._create_complaint(kind_id=False)
        self.assertFalse(second.recurrence_of_id)
        self.as_user(second, self.manager).kind_id = self.kind
        self.assertRecordValues(second, [{"recurrence_of_id": first.id, "level": "important"}])

    def test_recurrence_window(self):
        """After 90 days and without kilometres to compare nothing recurs; within 5,000 km it does."""
        with freeze_time(Datetime.now() - timedelta(days=100)):
            old = self._create_complaint()
        self.assertFalse(self._create_complaint().recurrence_of_id)
        self.order.odometer = 20000
        order = self._create_order(name="WX-CASE-2", odometer=24000)
        self.assertTrue(self._create_complaint(repair_order_id=order.id).recurrence_of_id)
        self.assertTrue(old)

    def test_reject_reopen(self):
        """A rejection tells reason and recourse; a reopening is counted and keeps the original clock."""
        complaint = self._create_complaint()
        case = self.as_user(complaint, self.manager)
        with self.assertRaises(UserError):
            case.action_reject("No fault found.", " ")
        case.action_reject("No fault found.", "Consumer hotline 12315")
        start = complaint.sudo().clock_ids.filtered(lambda c: c.code == "solve").date_start
        with self.assertRaises(UserError):
            case.action_reopen("")
        self.as_user(complaint, self.crc).action_reopen("The customer brought a video.")
        self.assertRecordValues(complaint, [{"state": "received", "reopen_count": 1, "date_closed": False}])
        clock = complaint.sudo().clock_ids.filtered(lambda c: c.code == "solve")
        self.assertRecordValues(clock, [{"state": "running", "date_start": start}])

    def test_ended_is_locked(self):
        """Nothing of an ended case is changed."""
        complaint = self._lead_to(self._create_complaint(), "closed")
        for values in ({"facts": "Other"}, {"goodwill_amount": 5}, {"concerned_ids": [Command.clear()]}):
            with self.assertRaises(UserError):
                self.as_user(complaint, self.gm).write(values)
        with self.assertRaises(UserError):
            self.as_user(complaint, self.gm).action_reply("Hello")
        with self.assertRaises(UserError):
            self.as_user(complaint, self.gm).unlink()
        with self.assertRaises(UserError):
            complaint.unlink()

    def test_merge(self):
        """A duplicate is merged into an open case of the same customer; lanes and demands go with it."""
        target = self._create_complaint()
        duplicate = self._create_complaint(source="hotline_12315")
        other = self._create_complaint(
            repair_order_id=False,
            partner_id=self.env["res.partner"].create({"name": "李四"}).id,
        )
        case = self.as_user(duplicate, self.manager)
        with self.assertRaises(UserError):
            case.action_merge(other.id)
        with self.assertRaises(UserError):
            case.action_merge(duplicate.id)
        case.action_merge(target.id)
        self.assertRecordValues(duplicate, [{"state": "merged", "merged_into_id": target.id}])
        self.assertRecordValues(target, [{"is_external": True, "level": "urgent"}])
        with self.assertRaises(UserError):
            self.as_user(duplicate, self.gm).action_reopen("Why not.")

    def test_handover(self):
        """The owner stays the owner until the other accepts; refused hand-overs return; custody has no gap."""
        complaint = self._create_complaint()
        case = self.as_user(complaint, self.crc)
        with self.assertRaises(UserError):
            case.action_propose_handover(self.crc.id, "Holiday")
        with self.assertRaises(UserError):
            case.action_propose_handover(self.archivist.id, "Holiday")
        with self.assertRaises(UserError):
            case.action_propose_handover(self.manager_b.id, "Holiday")
        with self.assertRaises(AccessError):
            self.as_user(complaint, self.crc_2).action_propose_handover(self.crc_2.id, "Mine")
        case.action_propose_handover(self.advisor_2.id, "Holiday")
        self.assertRecordValues(complaint, [{"owner_id": self.crc.id, "handover_to_id": self.advisor_2.id}])
        with self.assertRaises(UserError):
            self.as_user(complaint, self.manager).action_accept_handover()
        self.as_user(complaint, self.advisor_2).action_refuse_handover("Not my car.")
        self.assertRecordValues(complaint, [{"owner_id": self.crc.id, "handover_to_id": False}])
        case.action_propose_handover(self.advisor_2.id, "Please")
        self.as_user(complaint, self.advisor_2).action_accept_handover()
        self.assertEqual(complaint.owner_id, self.advisor_2)
        rows = complaint.sudo().handover_ids.filtered("date_from").sorted("id")
        self.assertEqual(rows[0].date_to, rows[1].date_from)
        self.assertFalse(rows[1].date_to)

    def test_handover_unanswered(self):
        """An unanswered hand-over returns after the hours of the store, once."""
        complaint = self._create_complaint()
        self.as_user(complaint, self.crc).action_propose_handover(self.manager.id, "Please")
        cron = self.env.ref("aftersales_crm.ir_cron_aftersales_handover_return")
        with self.enter_registry_test_mode():
            cron.method_direct_trigger()
        self.assertEqual(complaint.handover_to_id, self.manager)
        with freeze_time(Datetime.now() + timedelta(hours=9)), self.enter_registry_test_mode():
            cron.method_direct_trigger()
            cron.method_direct_trigger()
        complaint.invalidate_recordset()
        self.assertRecordValues(complaint, [{"owner_id": self.crc.id, "handover_to_id": False}])
        self.assertEqual(complaint.handover_ids.filtered(lambda h: h.state == "returned").to_id, self.manager)

    def test_pause(self):
        """Waiting for parts pauses the handling clocks, with who, when and why; the next step lets them run on."""
        complaint = self._create_complaint()
        case = self.as_user(complaint, self.crc)
        with self.assertRaises(UserError):
            case.action_pause("parts", "")
        case.action_pause("parts", "Bolt ordered")
        states = {clock.code: clock.state for clock in complaint.sudo().clock_ids}
        self.assertEqual(
            states, {"classify": "running", "first_reply": "running", "handle": "paused", "solve": "paused"}
        )
        case.action_confirm()
        self.assertFalse(complaint.waiting_for)
        self.assertEqual(set(complaint.sudo().clock_ids.mapped("state")), {"running"})

    def test_clocks_by_level(self):
        """A raised level shortens the clocks from that moment; the first reply stops its clock."""
        complaint = self._create_complaint()
        reply = complaint.sudo().clock_ids.filtered(lambda c: c.code == "first_reply")
        self.assertEqual(reply.date_deadline - reply.date_start, timedelta(hours=24))
        self.as_user(complaint, self.crc).is_external = True
        self.assertEqual(reply.date_deadline - reply.date_start, timedelta(hours=4))
        self.as_user(complaint, self.crc).action_reply("We call back at noon.")
        self.assertEqual(reply.state, "stopped")
        self.assertTrue(complaint.date_replied)

    def test_appeal(self):
        """The staff concerned may appeal within the days, without opening the case; another person decides."""
        complaint = self._lead_to(self._create_complaint(), "investigated")
        appeal = complaint.sudo().appeal_ids
        self.assertRecordValues(appeal, [{"user_id": self.advisor.id, "state": "open"}])
        with self.assertRaises(AccessError):
            self.as_user(appeal, self.advisor_2).read(["finding"])
        mine = self.as_user(appeal, self.advisor)
        with self.assertRaises(AccessError):
            self.as_user(appeal, self.manager).action_lodge("Not me.")
        mine.action_lodge("The part was missing.")
        with self.assertRaises(AccessError):
            mine.action_decide(True, "Right I am.")
        with self.assertRaises(UserError):
            self.as_user(appeal, self.manager).action_decide(False, "No.")
        self.as_user(appeal, self.gm).action_decide(True, "The part was missing indeed.")
        self.assertEqual(complaint.state, "classified")
        self.assertEqual(appeal.state, "upheld")

    def test_appeal_too_late(self):
        """After three working days the time to appeal has ended."""
        complaint = self._lead_to(self._create_complaint(), "investigated")
        with freeze_time(Datetime.now() + timedelta(days=8)), self.assertRaises(UserError):
            self.as_user(complaint.sudo().appeal_ids, self.advisor).action_lodge("Late.")
        appeal = complaint.sudo().appeal_ids
        self.env["aftersales.appeal"]._cron_lapse()
        self.assertEqual(appeal.state, "open", "its time runs still today")
        with freeze_time(appeal.date_deadline + timedelta(minutes=1)):
            self.env["aftersales.appeal"]._cron_lapse()
        self.assertEqual(appeal.state, "lapsed")
