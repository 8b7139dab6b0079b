from datetime import timedelta

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.fields import Datetime
from odoo.tests import tagged

from .common_case import AftersalesCaseCommon


@tagged("post_install", "-at_install")
class TestComplaintExternal(AftersalesCaseCommon):
    """External bodies and promises: clocks of their own, demands of the day, no end around them."""

    def clock(self, complaint, code):
        return complaint.sudo().clock_ids.filtered(lambda c: c.code == code)

    def test_channel_involves_its_body(self):
        """12315 and media open the lane and name their body, the maker and a platform theirs; other channels none."""
        expected = {"hotline_12315": True, "media": True, "maker": False, "platform": False, "phone": None}
        for source, lane in expected.items():
            complaint = self._create_complaint(source=source)
            self.assertEqual(complaint.external_ids.body_id.mapped("source"), [] if lane is None else [source])
            self.assertEqual(complaint.is_external, bool(lane))

    def test_own_clocks(self):
        """A body has the times of its own policies on the store's calendar; the level of the case moves none of them."""
        with freeze_time(self.utc("2026-03-02 10:00")):
            complaint = self._create_complaint(source="hotline_12315")
            row = complaint.external_ids
            answer, settle = (self.clock(complaint, f"external_{what}_{row.id}") for what in ("answer", "settle"))
            self.assertEqual(answer.date_deadline, self.utc("2026-03-09 10:00"))
            self.assertEqual(
                settle.policy_id, self.env.ref("aftersales_crm.policy_complaint_external_settle_hotline_12315")
            )
            self.as_user(complaint, self.crc).action_involve(self.env.ref("aftersales_crm.external_body_media").id)
            media = complaint.external_ids - row
            self.assertEqual(
                self.clock(complaint, f"external_answer_{media.id}").date_deadline, self.utc("2026-03-02 14:00")
            )
        with freeze_time(self.utc("2026-03-02 11:00")):
            before = answer.date_deadline
            complaint._do_change_level("important", "Test")
            self.assertEqual(answer.date_deadline, before)
            gm = self.as_user(complaint, self.gm)
            gm.external_ids.item_ids.value = "Given"
            gm.external_ids.filtered(lambda r: r.body_id.code == "media").action_answer("Statement sent.")
        self.assertEqual(self.clock(complaint, f"external_answer_{media.id}").result, "met")
        self.assertEqual(answer.state, "running")

    def test_demands_are_dated(self):
        """A case keeps the demands of its day: later rules concern later cases."""
        body = self.env.ref("aftersales_crm.external_body_platform")
        body.demand_ids.date_to = "2026-02-28"
        self.env["aftersales.external.demand"].create(
            {"body_id": body.id, "name": "Reply within the app", "date_from": "2026-03-01"}
        )
        names = {}
        for day in ("2026-02-27 10:00", "2026-03-02 10:00"):
            with freeze_time(self.utc(day)):
                complaint = self._create_complaint(source="platform")
                names[day] = complaint.external_ids.item_ids.mapped("name")
        self.assertEqual(list(names.values()), [["Link to the entry"], ["Reply within the app"]])

    def test_answer_needs_the_data(self):
        """A body is answered by handler or manager, once everything that it demands is there; then it stands."""
        complaint = self._create_complaint(source="hotline_12315")
        row = complaint.external_ids
        with self.assertRaises(AccessError):
            self.as_user(row, self.crc).action_answer("Answered")
        manager = self.as_user(row, self.manager)
        with self.assertRaisesRegex(UserError, "still demands"):
            manager.action_answer("Answered")
        self.as_user(row.item_ids, self.crc).value = "2026-0871"
        self.assertEqual(row.item_ids.filled_by_id, self.crc)
        with self.assertRaises(UserError):
            manager.action_answer("  ")
        with self.assertRaises(UserError):
            manager.action_settle("Mediated")
        manager.action_answer("Answered")
        for attempt in (
            lambda: self.as_user(row.item_ids, self.manager).write({"value": "Other"}),
            lambda: manager.write({"answer": "Other"}),
            lambda: manager.write({"state": "open"}),
            lambda: row.unlink(),
            lambda: row.item_ids.unlink(),
            lambda: self.as_user(complaint, self.gm).write({"external_ids": [(2, row.id)]}),
            lambda: self.as_user(complaint, self.gm).write({"external_ids": [(5,)]}),
        ):
            with self.assertRaises(UserError):
                attempt()

    def test_merge_takes_the_bodies_along(self):
        """A duplicate that an authority is part of hands the authority over, with the time it has left."""
        first = self._create_complaint()
        with freeze_time(Datetime.now() - timedelta(days=1)):
            second = self._create_complaint(source="hotline_12315")
        row = second.external_ids
        deadline = self.clock(second, f"external_answer_{row.id}").date_deadline
        self.as_user(second, self.gm).action_merge(first.id)
        self.assertEqual(first.external_ids, row)
        self.assertEqual(self.clock(first, f"external_answer_{row.id}").date_deadline, deadline)
        self.assertEqual(set(second.sudo().clock_ids.mapped("state")), {"stopped"})
        gm = self.as_user(first, self.gm)
        gm.safety_statement = "No danger."
        with self.assertRaisesRegex(UserError, "12315"):
            gm.action_withdraw("Gone")

    def test_promise_is_a_clock(self):
        """A promise runs to the very second, breaks visibly, and the next one starts anew with a ladder of its own."""
        start = self.utc("2026-03-02 10:00") + timedelta(seconds=17)
        with freeze_time(start):
            complaint = self._create_complaint()
            crc = self.as_user(complaint, self.crc)
            promised = self.utc("2026-03-02 15:30")
            crc.action_reply("We look at it.", promised)
            with self.assertRaises(UserError):
                crc.action_promise(promised + timedelta(hours=1))
        first = complaint.promise_ids
        clock = self.clock(complaint, f"update_{first.id}")
        self.assertEqual(clock.date_deadline, promised)
        self.assertEqual(complaint.date_promised_update, promised)
        with freeze_time(self.utc("2026-03-02 15:31")):
            told = self._get_told(complaint)
            clock._process_due()
            self.assertTrue(clock.is_breached)
            self.assertLessEqual(self.crc.partner_id | self.manager.partner_id, self._get_told(complaint) | told)
            messages = len(self._get_messages(complaint))
            clock._process_due()
            self.assertEqual(len(self._get_messages(complaint)), messages)
            crc.action_reply("Still looking.", self.utc("2026-03-03 09:00"))
            self.assertEqual(first.state, "late")
            second = complaint.promise_ids - first
            self.assertFalse(self.clock(complaint, f"update_{second.id}").is_breached)
        with freeze_time(self.utc("2026-03-03 08:59")):
            crc.action_reply("Solved.")
        self.assertEqual(second.state, "kept")
        self.assertFalse(complaint.date_promised_update)
        with self.assertRaises(UserError):
            crc.action_promise(Datetime.now() - timedelta(minutes=1))

    def test_promise_ends_with_the_case(self):
        """A case that ends leaves no promise running, and nobody writes a promise by hand."""
        complaint = self._create_complaint()
        crc = self.as_user(complaint, self.crc)
        crc.action_promise(Datetime.now() + timedelta(hours=5))
        with self.assertRaises(AccessError):
            crc.date_promised_update = Datetime.now()
        self.as_user(complaint, self.manager).action_withdraw("Said so on the phone.")
        self.assertEqual(complaint.promise_ids.state, "ended")
        self.assertFalse(complaint.next_deadline)

    def test_satisfaction_with_the_handling(self):
        """The second callback asks how the complaint was handled, apart from what came out of it."""
        complaint = self._lead_to(self._create_complaint(), "carried_out")
        caller = self.as_user(complaint, self.crc_2)
        with self.assertRaises(UserError):
            caller.action_record_second_callback("yes", "Fine", handling_score="6")
        caller.action_record_second_callback("no", "Noise is back", handling_score="5", handling_comment="Kind people")
        self.assertRecordValues(
            complaint, [{"second_satisfied": "no", "handling_score": "5", "handling_comment": "Kind people"}]
        )
        with self.assertRaises(AccessError):
            caller.handling_score = "1"
