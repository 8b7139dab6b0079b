from datetime import timedelta

from psycopg2.errors import UniqueViolation

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command, Datetime
from odoo.tools import mute_logger

from .common_case import AftersalesCaseCommon

PROTECTED_LOG = "odoo.addons.aftersales_crm.models.aftersales_protected_mixin"


class TestComplaint(AftersalesCaseCommon):
    def test_receive(self):
        """A complaint gets number, owner, custody, level and clocks at once; order, car and customer are filled in."""
        complaint = self._create_complaint()
        self.assertRegex(complaint.name, r"^CP/\d{4}/\d{5}$")
        self.assertRecordValues(
            complaint,
            [
                {
                    "vehicle_id": self.vehicle.id,
                    "partner_id": self.owner.id,
                    "owner_id": self.crc.id,
                    "state": "received",
                    "level": "general",
                    "nature": "complaint",
                }
            ],
        )
        self.assertRecordValues(complaint.handover_ids, [{"state": "accepted", "to_id": self.crc.id, "date_to": False}])
        codes = set(complaint.sudo().clock_ids.mapped("code"))
        self.assertEqual(codes, {"classify", "first_reply", "handle", "solve"})
        self.assertTrue(complaint.next_deadline)

    def test_whole_way(self):
        """A general complaint walks all eight steps, each by the person who may."""
        complaint = self._create_complaint()
        self._lead_to(complaint, "closed")
        self.assertRecordValues(
            complaint,
            [
                {
                    "handler_id": self.manager.id,
                    "second_caller_id": self.crc_2.id,
                    "closed_by_id": self.manager.id,
                    "second_satisfied": "yes",
                }
            ],
        )
        self.assertTrue(complaint.date_closed)
        self.assertEqual(set(complaint.sudo().clock_ids.mapped("state")), {"stopped"})
        self.assertFalse(complaint.handover_ids.filtered(lambda h: h.state == "accepted" and not h.date_to))

    def test_order_of_steps(self):
        """No step is possible from a state that does not lead to it."""
        complaint = self._create_complaint()
        case = self.as_user(complaint, self.gm)
        for call in (
            lambda: case.action_classify(),
            lambda: case.action_investigate(),
            lambda: case.action_propose_solution(),
            lambda: case.action_revise_solution(),
            lambda: case.action_carry_out(),
            lambda: case.action_record_second_callback("yes"),
            lambda: case.action_rework("again"),
            lambda: case.action_close(),
            lambda: case.action_reopen("again"),
        ):
            with self.assertRaises(UserError):
                call()
        self.assertEqual(complaint.state, "received")

    def test_roles(self):
        """Who lacks the role is refused, whatever the step."""
        complaint = self._create_complaint()
        self.as_user(complaint, self.crc).action_confirm()
        with self.assertRaises(UserError):
            self.as_user(complaint, self.crc).action_classify()
        self.as_user(complaint, self.manager).action_classify()
        with self.assertRaises(UserError):
            self.as_user(complaint, self.crc_2).action_investigate()
        with self.assertRaises(UserError):
            self.as_user(complaint, self.crc).action_reject("no", "12315")
        with self.assertRaises(UserError):
            self.as_user(complaint, self.crc).action_merge(complaint.id)
        for user in (self.archivist, self.officer, self.admin, self.gm_b):
            with self.assertRaises(AccessError):
                self.as_user(complaint, user).read(["name"])
        # An advisor sees the cases at hand and of own orders only
        with self.assertRaises(AccessError):
            self.as_user(complaint, self.advisor_2).read(["name"])
        self.assertTrue(self.as_user(complaint, self.advisor).name)

    @mute_logger(PROTECTED_LOG)
    def test_protected(self):
        """State, level, owner, clocks and signatures cannot be written by anybody, nor set at creation."""
        complaint = self._create_complaint()
        attacks = {
            "state": "closed",
            "level": "urgent",
            "owner_id": self.gm.id,
            "handler_id": self.gm.id,
            "date_received": Datetime.now(),
            "next_deadline": Datetime.now(),
            "clock_breached": False,
            "second_satisfied": "yes",
            "reopen_count": 0,
            "name": "X",
            "nature": "grievance",
        }
        for user in (self.crc, self.manager, self.gm):
            for name, value in attacks.items():
                with self.assertRaises(AccessError, msg=name):
                    self.as_user(complaint, user).write({name: value})
        with self.assertRaises(AccessError):
            self._create_complaint(state="closed")
        with self.assertRaises(AccessError):
            self.as_user(self.env["aftersales.handover"], self.manager).create(
                {"complaint_id": complaint.id, "to_id": self.manager.id}
            )
        forged = self.as_user(self.env["aftersales.complaint"], self.crc).with_context(default_state="closed")
        case = forged.create({"repair_order_id": self.order.id, "description": "x", "company_id": self.store.id})
        self.assertEqual(case.state, "received")

    def test_concerned(self):
        """The person concerned can neither open nor handle the case, whatever the role; they appeal instead."""
        complaint = self._create_complaint(concerned_ids=[Command.set(self.manager.ids)])
        with self.assertRaises(AccessError):
            self.as_user(complaint, self.manager).read(["facts"])
        self.assertFalse(
            self.as_user(self.env["aftersales.complaint"], self.manager).search_count([("id", "=", complaint.id)])
        )
        with self.assertRaises(AccessError):
            self.as_user(complaint, self.manager).action_confirm()
        with self.assertRaises(AccessError):
            self.as_user(complaint.handover_ids, self.manager).read(["reason"])
        with self.assertRaises(ValidationError):
            self.as_user(complaint, self.crc).concerned_ids = [Command.link(self.crc.id)]

    def test_concerned_by_kind(self):
        """A complaint about attitude makes the advisor of the order a person concerned at once."""
        complaint = self._create_complaint(kind_id=self.kind_attitude.id)
        self.assertEqual(complaint.sudo().concerned_ids, self.advisor)
        with self.assertRaises(UserError):
            self._create_complaint(user=self.advisor, kind_id=self.kind_attitude.id)

    def test_investigation_content(self):
        """Both sides, facts, cause, department and main responsible are demanded."""
        complaint = self._lead_to(self._create_complaint(), "classified")
        case = self.as_user(complaint, self.manager)
        full = self._investigation()
        for name in ("facts", "statement_customer", "statement_staff", "cause_id", "department", "responsible_main_id"):
            case.write({**full, name: False})
            with self.assertRaises(UserError, msg=name):
                case.action_investigate()
        case.write(full)
        case.action_investigate()
        self.assertEqual(complaint.state, "investigated")

    def test_goodwill_limit(self):
        """Goodwill above the limit of the role asks the GM; returned, it goes back; changed, it is asked anew."""
        complaint = self._lead_to(self._create_complaint(), "investigated")
        case = self.as_user(complaint, self.manager)
        case.write({"solution": "Refund", "goodwill_amount": 1500})
        case.action_propose_solution()
        with self.assertRaises(UserError):
            case.action_carry_out()
        with self.assertRaises(UserError):
            case.goodwill_amount = 10
        with self.assertRaises(UserError):
            case.action_approval_approve()
        complaint._approval_pending("goodwill").with_user(self.gm).decide("returned", "Too much.")
        self.assertEqual(complaint.state, "investigated")
        case.goodwill_amount = 1200
        case.action_propose_solution()
        self.as_user(complaint, self.gm).action_approval_approve()
        case.action_carry_out()
        self.assertEqual(complaint.state, "carried_out")

    def test_goodwill_taken_back(self):
        """A signature does not outlive its solution: taken back and proposed again, it is signed anew."""
        complaint = self._lead_to(self._create_complaint(), "investigated")
        case = self.as_user(complaint, self.manager)
        case.write({"solution": "Refund", "goodwill_amount": 1500})
        case.action_propose_solution()
        self.as_user(complaint, self.gm).action_approval_approve()
        case.action_revise_solution()
        case.goodwill_amount = 9000
        self.assertFalse(complaint._approval_pending("goodwill"))
        case.action_propose_solution()
        with self.assertRaises(UserError):
            case.action_carry_out()

    def test_goodwill_within_limit(self):
        """Goodwill within the limit of the role needs nobody else."""
        complaint = self._lead_to(self._create_complaint(), "investigated")
        case = self.as_user(complaint, self.manager)
        case.write({"solution": "Voucher", "goodwill_amount": 1000})
        case.action_propose_solution()
        case.action_carry_out()
        self.assertEqual(complaint.state, "carried_out")

    def test_second_callback_by_another(self):
        """The second callback is made by another person than the handler, the advisor and the technicians."""
        self.order.technician_ids = [Command.link(self.crc_2.id)]
        complaint = self._lead_to(self._create_complaint(), "carried_out")
        for user in (self.manager, self.crc_2):
            with self.assertRaises(UserError):
                self.as_user(complaint, user).action_record_second_callback("yes")
        self.as_user(complaint, self.crc).action_record_second_callback("yes")
        self.assertEqual(complaint.second_caller_id, self.crc)

    def test_second_callback_exception(self):
        """A small store lets who worked on the order call, with a reason, by somebody else's decision; never the handler."""
        self.order.technician_ids = [Command.link(self.crc_2.id), Command.link(self.manager_2.id)]
        complaint = self._lead_to(self._create_complaint(), "carried_out")
        with self.assertRaisesRegex(UserError, "does not allow exceptions"):
            self.as_user(complaint, self.gm).action_allow_second_caller("Nobody else is here.")
        self.store.aftersales_allow_exceptions = True
        with self.assertRaises(AccessError):
            self.as_user(complaint, self.crc_2).action_allow_second_caller("Let me.")
        with self.assertRaisesRegex(UserError, "worked on this order"):
            self.as_user(complaint, self.manager_2).action_allow_second_caller("Let me.")
        with self.assertRaisesRegex(UserError, "State the reason"):
            self.as_user(complaint, self.gm).action_allow_second_caller(" ")
        with self.assertRaises(AccessError), mute_logger(PROTECTED_LOG):
            self.as_user(complaint, self.gm).write({"second_exception": "forged"})
        self.as_user(complaint, self.manager).action_allow_second_caller("Nobody else is here.")
        with self.assertRaisesRegex(UserError, "another person than the handler"):
            self.as_user(complaint, complaint.handler_id).action_record_second_callback("yes")
        self.as_user(complaint, self.crc_2).action_record_second_callback("yes")
        self.assertRecordValues(
            complaint,
            [
                {
                    "second_caller_id": self.crc_2.id,
                    "second_exception": "Nobody else is here.",
                    "second_exception_by_id": self.manager.id,
                }
            ],
        )

    def test_not_satisfied(self):
        """An unsatisfied customer: investigated again, or closed with the reason and the recourse told."""
        complaint = self._lead_to(self._create_complaint(), "carried_out")
        self.as_user(complaint, self.crc).action_record_second_callback("no", "Still noisy.")
        case = self.as_user(complaint, self.manager)
        with self.assertRaises(UserError):
            case.action_close()
        case.action_rework("Still noisy.")
        self.assertRecordValues(complaint, [{"state": "classified", "rework_count": 1, "second_satisfied": False}])
        self._lead_to(complaint, "carried_out")
        self.as_user(complaint, self.crc).action_record_second_callback("no", "Still noisy.")
        case.unsatisfied_reason = "Within the tolerance of the maker; told of 12315."
        case.action_close()
        self.assertEqual(complaint.state, "closed")

    def test_closing_above_general(self):
        """An important case is closed by the GM, with a root cause that is not human error and an action or a reason."""
        complaint = self._create_complaint(source="platform")
        self.assertEqual(complaint.level, "important")
        self._lead_to(complaint, "second_callback", root_cause=False, cause_id=self.cause_human.id)
        self._answer_bodies(complaint)
        with self.assertRaises(UserError):
            self.as_user(complaint, self.manager).action_close()
        case = self.as_user(complaint, self.gm)
        with self.assertRaises(UserError):
            case.action_close()
        case.root_cause = "No torque standard."
        case.no_action_reason = "The standard was changed already."
        with self.assertRaisesRegex(UserError, "Human error"):
            case.action_close()
        case.cause_id = self.cause
        case.action_close()
        self.assertEqual(complaint.state, "closed")

    def test_closing_with_action(self):
        """A draft is no corrective action; a submitted one is; it is not cancelled under the closed case."""
        complaint = self._create_complaint(source="platform")
        self._lead_to(complaint, "second_callback")
        self._answer_bodies(complaint)
        action = self._create_action(complaint_ids=[Command.link(complaint.id)])
        case = self.as_user(complaint, self.gm)
        with self.assertRaises(UserError):
            case.action_close()
        self.as_user(action, self.manager).action_submit()
        case.invalidate_recordset()
        case.action_close()
        with self.assertRaises(UserError):
            self.as_user(action, self.manager).action_cancel_action("Not needed.")

    def test_handler_of_level(self):
        """General: service manager; important and urgent: general manager."""
        complaint = self._create_complaint(source="platform")
        self.as_user(complaint, self.manager).action_confirm()
        with self.assertRaises(UserError):
            self.as_user(complaint, self.manager).action_classify(handler_id=self.manager.id)
        self.as_user(complaint, self.manager).action_classify()
        self.assertEqual(complaint.handler_id, self.gm)

    def test_level_below_proposal(self):
        """A level below the proposal needs a reason."""
        complaint = self._create_complaint(source="platform")
        self.as_user(complaint, self.manager).action_confirm()
        with self.assertRaises(UserError):
            self.as_user(complaint, self.manager).action_classify(level="general")
        self.as_user(complaint, self.manager).action_classify(level="general", reason="A mistake of the platform.")
        self.assertRecordValues(complaint, [{"level": "general", "handler_id": self.manager.id}])

    def test_safety_lane(self):
        """The safety lane is urgent at once, told to SM and GM, and ends by no path without what it demands."""
        complaint = self._create_complaint(kind_id=self.kind_brakes.id)
        self.assertRecordValues(complaint, [{"is_safety": True, "level": "urgent"}])
        told = self._get_told(complaint)
        self.assertLessEqual(self.manager.partner_id | self.gm.partner_id, told)
        gm = self.as_user(complaint, self.gm)
        with self.assertRaises(UserError):
            gm.is_safety = False
        with self.assertRaises(UserError):
            gm.action_leave_lane("is_safety", "Not safety.")
        with self.assertRaises(UserError):
            gm.action_reject("No fault.", "12315")
        with self.assertRaises(UserError):
            gm.action_withdraw("The customer called.")
        self._lead_to(complaint, "second_callback")
        gm.no_action_reason = "Recall of the maker."
        with self.assertRaises(UserError):
            gm.action_close()
        gm.write({"stop_driving": "advised", "maker_report": "reported"})
        with self.assertRaises(UserError):
            gm.action_close()
        gm.safety_statement = "The line was replaced and tested."
        gm.action_close()
        self.assertEqual(complaint.state, "closed")

    def test_safety_words(self):
        """Safety words of the customer open the lane, also when they come later, in Chinese too."""
        complaint = self._create_complaint()
        self.as_user(complaint, self.crc).description = "路上刹车突然失灵"
        self.assertRecordValues(complaint, [{"is_safety": True, "level": "urgent"}])

    def test_external_lane(self):
        """Media or authority: urgent, and not ended without statement and answer."""
        complaint = self._create_complaint(source="hotline_12315")
        self.assertRecordValues(complaint, [{"is_external": True, "level": "urgent"}])
        gm = self.as_user(complaint, self.gm)
        gm.safety_statement = "No danger."
        with self.assertRaises(UserError):
            gm.action_reject("No fault.", "Court")
        with self.assertRaises(UserError):
            gm.external_ids.action_answer("Answered by letter.")
        gm.external_ids.item_ids.value = "As written"
        gm.external_ids.action_answer("Answered by letter.")
        with self.assertRaises(UserError):
            gm.action_reject("No fault.", "Court")
        gm.external_ids.action_settle("Mediated.")
        gm.action_reject("No fault.", "Court")
        self.assertEqual(complaint.state, "rejected")

    def test_responsible_is_concerned(self):
        """Who is found responsible cannot open the case any more, and cannot be its handler."""
        complaint = self._lead_to(self._create_complaint(), "investigated")
        with self.assertRaises(AccessError):
            self.as_user(complaint, self.advisor).read(["facts"])
        with self.assertRaises(ValidationError):
            self.as_user(complaint, self.manager).responsible_main_id = self.manager

    def test_concerned_follow_no_more(self):
        """Who becomes concerned gets no copies of what is written in the case."""
        complaint = self._create_complaint()
        complaint.message_subscribe(self.advisor_2.partner_id.ids)
        self.as_user(complaint, self.crc).concerned_ids = [Command.link(self.advisor_2.id)]
        self.assertNotIn(self.advisor_2.partner_id, complaint.message_partner_ids)

    def test_company(self):
        """A case holds records of its own store only, and the other store sees nothing of it."""
        complaint = self._create_complaint()
        with self.assertRaises(AccessError):
            self.as_user(complaint, self.manager_b).read(["name"])
        with self.assertRaises(UserError):
            self._create_complaint(user=self.crc_b, company_id=self.store_b.id)

    def test_event_before_entry(self):
        """The event time is apart from the entry time and cannot lie after it."""
        with self.assertRaises(ValidationError):
            self._create_complaint(date_event=Datetime.now() + timedelta(days=1))

    def test_reports(self):
        """Form and settlement print; the settlement that the customer signs holds nothing of the investigation."""
        complaint = self._lead_to(self._create_complaint(), "closed")
        Report = self.env["ir.actions.report"].with_user(self.crc)
        form = Report._render_qweb_html("aftersales_crm.report_complaint_form", complaint.ids)[0].decode()
        self.assertIn("No torque standard", form)
        local = self.store._aftersales_local(complaint.date_received).strftime("%Y-%m-%d %H:%M")
        self.assertIn(local, form)
        html = Report._render_qweb_html("aftersales_crm.report_complaint_settlement", complaint.ids)[0].decode()
        self.assertIn(complaint.name, html)
        for secret in ("No torque standard", "tightened by hand", "Advisor"):
            self.assertNotIn(secret, html)

    def test_grievance_is_promoted(self):
        """A grievance becomes a complaint when the customer demands a result."""
        values = {
            "nature": "grievance",
            "description": "Long wait",
            "repair_order_id": self.order.id,
            "company_id": self.store.id,
        }
        complaint = self.env["aftersales.complaint"].with_company(self.store)._create_protected([values])
        self.as_user(complaint, self.crc).action_promote()
        self.assertEqual(complaint.nature, "complaint")

    def test_next_step_in_sight(self):
        """The form always tells the next step, who has it and what is missing."""
        complaint = self._create_complaint()
        self.assertRecordValues(complaint, [{"next_step": "Confirm with the Customer", "next_who": self.crc.name}])
        self._lead_to(complaint, "classified")
        self.assertIn("Write down the facts.", complaint.next_missing)
        self.assertEqual(complaint.next_who, self.manager.name)

    def test_one_case_a_callback(self):
        """In SQL: a callback raises one case."""
        callback = self._create_callback()
        values = {
            "source": "callback",
            "callback_id": callback.id,
            "description": "x",
            "repair_order_id": self.order.id,
            "company_id": self.store.id,
        }
        Complaint = self.env["aftersales.complaint"].with_company(self.store)
        Complaint.create(values)
        with mute_logger("odoo.sql_db"), self.assertRaises(UniqueViolation):
            Complaint.create(values)

    def _create_callback(self):
        return self.env["aftersales.callback"].create(
            {
                "kind": "repair",
                "repair_order_id": self.order.id,
                "vehicle_id": self.vehicle.id,
                "partner_id": self.owner.id,
                "user_id": self.crc.id,
                "company_id": self.store.id,
            }
        )

    def test_callback_problem(self):
        """A problem in a callback raises a grievance with both callback clocks; a demand makes it a complaint."""
        callback = self._create_callback()
        none = self.env["aftersales.callback.answer"]
        self.as_user(callback, self.crc)._callback_problem(none, False)
        case = callback.complaint_ids
        self.assertRecordValues(
            case, [{"nature": "grievance", "source": "callback", "owner_id": self.crc.id, "partner_id": self.owner.id}]
        )
        codes = set(case.sudo().clock_ids.mapped("code"))
        self.assertLessEqual({"gm_notice", "customer_reply"}, codes)
        told = self._get_told(case)
        self.assertLessEqual(self.gm.partner_id | self.manager.partner_id, told)
        self.as_user(callback, self.crc)._callback_problem(none, True)
        callback.invalidate_recordset()
        self.assertEqual(callback.complaint_ids, case)
        self.assertEqual(case.nature, "complaint")
        with self.assertRaises(AccessError):
            self.as_user(case, self.manager).action_gm_seen()
        self.as_user(case, self.gm).action_gm_seen()
        clock = case.sudo().clock_ids.filtered(lambda c: c.code == "gm_notice")
        self.assertEqual(clock.state, "stopped")

    def test_query_count(self):
        """Reading the list costs the same number of queries at two sizes."""
        fields = ["name", "level", "next_who", "time_left", "clock_light", "state", "owner_id"]

        def read(records):
            self.env.flush_all()
            self.env.invalidate_all()
            count = self.cr.sql_log_count
            records.read(fields)
            return self.cr.sql_log_count - count

        complaints = self.env["aftersales.complaint"]
        for _number in range(3):
            complaints |= self._create_complaint().sudo(False).with_user(self.gm)
        read(complaints)
        few = read(complaints)
        for _number in range(9):
            complaints |= self._create_complaint().with_user(self.gm)
        self.assertLessEqual(read(complaints), few)
