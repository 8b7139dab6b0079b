from datetime import timedelta

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.fields import Datetime
from odoo.tests import Form, tagged

from .common_case import AftersalesCaseCommon

LIST = ("name", "level", "state", "next_step", "next_who", "next_deadline", "time_left", "clock_light", "morning_why")


@tagged("post_install", "-at_install")
class TestComplaintScreen(AftersalesCaseCommon):
    """Intake in a minute, the filters of the board, the morning list, and what they cost."""

    def found(self, user, field):
        return self.as_user(self.env["aftersales.complaint"], user).search([(field, "=", True)])

    def intake(self, user, **values):
        form = Form(self.as_user(self.env["aftersales.complaint.intake"], user))
        for name, value in values.items():
            form[name] = value
        return form

    def _stranger(self, store=None):
        return self.env["res.partner"].create({"name": "Caller", "company_id": (store or self.store).id})

    # Intake ----------------------------------------------------------------

    def test_intake_from_the_car(self):
        """The car is enough: order and customer follow, the case has number, owner, clocks and the promise."""
        promised = Datetime.now().replace(microsecond=0) + timedelta(hours=4)
        form = self.intake(
            self.advisor_2, source="counter", vehicle_id=self.order.vehicle_id, description="It smells of petrol",
            is_safety=True, about_advisor=True, date_promised_update=promised,
        )  # fmt: skip
        self.assertEqual((form.repair_order_id, form.partner_id), (self.order, self.owner))
        action = form.save().action_take_in()
        case = self.env["aftersales.complaint"].browse(action["res_id"])
        self.assertRecordValues(
            case,
            [
                {
                    "source": "counter",
                    "owner_id": self.advisor_2.id,
                    "partner_id": self.owner.id,
                    "repair_order_id": self.order.id,
                    "is_safety": True,
                    "level": "urgent",
                    "concerned_ids": self.advisor.ids,
                    "date_promised_update": promised,
                }
            ],
        )
        self.assertTrue(case.name.startswith("CP/"))

    def test_intake_of_a_stranger(self):
        """Who is not on file is taken in with name and number; without either, nothing is."""
        form = self.intake(self.crc, description="Rude on the phone")
        with self.assertRaises(UserError):
            form.save().action_take_in()
        form = self.intake(self.crc, description="Rude on the phone", new_name="Mr. Zhao", new_phone="13900001234")
        case = self.env["aftersales.complaint"].browse(form.save().action_take_in()["res_id"])
        self.assertRecordValues(case.partner_id, [{"name": "Mr. Zhao", "company_id": self.store.id}])

    def test_intake_of_ones_own_complaint(self):
        """Nobody takes in a complaint about themselves."""
        form = self.intake(
            self.advisor, vehicle_id=self.order.vehicle_id, description="The advisor was rude", about_advisor=True
        )
        with self.assertRaises(UserError):
            form.save().action_take_in()

    def test_intake_of_a_second_call(self):
        """A case of the car that is open is shown; the words are added to it, and its owner is told."""
        case = self._create_complaint(self.crc)
        form = self.intake(self.crc_2, vehicle_id=self.order.vehicle_id, description="Still nothing")
        self.assertEqual(form.open_complaint_id, case)
        action = form.save().action_add_to_open()
        self.assertEqual(action["res_id"], case.id)
        self.assertIn("Still nothing", " ".join(self._get_messages(case).mapped("body")))
        self.assertIn(self.crc.partner_id, self._get_told(case))

    def test_intake_shows_nothing_to_the_person_concerned(self):
        """Who is concerned by the open case does not learn of it in the dialog."""
        self._create_complaint(self.crc, concerned_ids=[(6, 0, self.crc_2.ids)])
        form = self.intake(self.crc_2, vehicle_id=self.order.vehicle_id, description="Again")
        self.assertFalse(form.open_complaint_id.id)
        self.assertFalse(form.open_complaint_text)

    # Filters ---------------------------------------------------------------

    def test_mine_and_my_team(self):
        """Mine: owned, handled or handed over to me. My team: colleagues who hold no role that I do not hold."""
        mine = self._create_complaint(self.crc)
        colleague = self._create_complaint(self.crc_2)
        advisors = self._create_complaint(self.advisor_2)
        managers = self._create_complaint(self.manager_2)
        other_store = self._create_complaint(
            self.crc_b, company_id=self.store_b.id, repair_order_id=False, partner_id=self._stranger(self.store_b).id
        )
        self.assertEqual(self.found(self.crc, "is_mine"), mine)
        everything = mine | colleague | advisors | managers
        self.assertEqual(self.found(self.crc, "is_my_team"), mine | colleague)
        self.assertEqual(self.found(self.manager, "is_my_team"), everything)
        self.assertEqual(self.found(self.gm, "is_my_team"), everything)
        self.assertNotIn(other_store, self.found(self.gm, "is_my_team"))
        self.as_user(mine, self.crc).action_propose_handover(self.manager.id, "Leave")
        self.assertIn(mine, self.found(self.manager, "is_mine"))
        for user in (self.crc, self.manager):
            for name in ("is_mine", "is_my_team"):
                cases = self.as_user(everything, user)
                self.assertEqual(cases.filtered(name), cases & self.found(user, name))

    def test_waits_for_my_decision(self):
        """Classification, goodwill, hand-over, closing and appeal wait for whoever decides on them, for nobody else."""
        new = self._create_complaint()
        to_classify = self._lead_to(self._create_complaint(), "confirmed")
        goodwill = self._lead_to(
            self._create_complaint(kind_id=self.env.ref("aftersales_crm.complaint_kind_price").id), "investigated"
        )
        handler = goodwill.handler_id
        self.as_user(goodwill, handler).write({"solution": "Pay back", "goodwill_amount": 90_000})
        self.as_user(goodwill, handler).action_propose_solution()
        handed = self._create_complaint()
        self.as_user(handed, self.crc).action_propose_handover(self.crc_2.id, "Leave")
        found = {user: self.found(user, "is_my_decision") for user in (self.gm, self.manager, self.crc, self.crc_2)}
        self.assertIn(to_classify, found[self.manager])
        self.assertEqual(found[self.crc_2], handed)
        self.assertFalse(found[self.crc])
        if handler != self.gm:
            self.assertIn(goodwill, found[self.gm])
        for user, cases in found.items():
            self.assertNotIn(new, cases)
            self.assertTrue(all(case.is_my_decision for case in self.as_user(cases, user)))

    def test_morning_list(self):
        """Late, in a lane, due today, for me to decide, handed over without answer, new: each says why it is there."""
        with freeze_time(self.utc("2026-03-02 09:00")):
            late = self._create_complaint(
                kind_id=self.kind_attitude.id, repair_order_id=False, partner_id=self.owner.id
            )
            lane = self._create_complaint(source="media", repair_order_id=False, partner_id=self._stranger().id)
            quiet = self._create_complaint(repair_order_id=False, partner_id=self._stranger().id)
            for case in (late, quiet):
                self.as_user(case, self.manager).action_confirm()
            self.as_user(quiet, self.manager).action_classify()
            self.as_user(quiet, self.manager).action_reply("We look at it")
            self.as_user(quiet, self.manager).action_pause("parts", "Ordered")
        with freeze_time(self.utc("2026-03-03 10:00")):
            morning = self.found(self.manager, "is_morning")
            self.assertEqual(morning & (late | lane | quiet), late | lane)
            why = self.as_user(late, self.manager).morning_why
            self.assertIn("late", why)
            self.assertIn("decision", why)
            self.assertIn("media", self.as_user(lane, self.manager).morning_why)
            self.assertFalse(self.as_user(quiet, self.manager).morning_why)

    def test_colour_of_the_clock(self):
        """Green in time, amber within four hours, red late; waiting is grey, unless the customer waits for a reply."""
        start = self.utc("2026-03-02 09:00")
        with freeze_time(start):
            complaint = self._create_complaint()
        deadline = complaint.next_deadline
        for moment, light in (
            (start, "green"),
            (deadline - timedelta(hours=3), "amber"),
            (deadline, "red"),
            (deadline + timedelta(days=2), "red"),
        ):
            with freeze_time(moment):
                complaint.invalidate_recordset(["clock_light"])
                self.assertEqual(complaint.clock_light, light)
        with freeze_time(start + timedelta(hours=1)):
            self.as_user(complaint, self.crc).action_pause("customer", "Photos")
            self.assertEqual(complaint.clock_light, "paused")
        with freeze_time(deadline + timedelta(minutes=1)):
            complaint.invalidate_recordset(["clock_light"])
            self.assertEqual(complaint.clock_light, "red")

    def test_contact_is_masked(self):
        """The screens show masked numbers; who works on the case sees one on demand, and the look is written down."""
        self.owner.write({"phone": "13812345678", "email": "wang@example.com"})
        complaint = self._create_complaint(self.advisor_2)
        case = self.as_user(complaint, self.advisor_2)
        self.assertEqual((case.partner_phone_masked, case.partner_email_masked), ("138****5678", "w***@example.com"))
        shown = case.action_reveal_contact()["params"]["message"]
        self.assertEqual("".join(filter(str.isdigit, shown))[-11:], "13812345678")
        look = self.env["aftersales.reveal"].search([("partner_id", "=", self.owner.id)], limit=1)
        self.assertRecordValues(look, [{"user_id": self.advisor_2.id, "what": "phone", "purpose": "complaint"}])
        # The advisor of the order may read the case, and needs no number for that
        with self.assertRaises(AccessError):
            self.as_user(complaint, self.advisor).action_reveal_contact()
        with self.assertRaises(AccessError):
            self.as_user(complaint, self.archivist).action_reveal_contact()

    def test_time_in_each_hand(self):
        """The hours in each hand add up to the life of the case."""
        with freeze_time(self.utc("2026-03-02 09:00")):
            complaint = self._create_complaint()
        with freeze_time(self.utc("2026-03-02 12:30")):
            self.as_user(complaint, self.crc).action_propose_handover(self.manager.id, "Asked for")
        with freeze_time(self.utc("2026-03-02 14:00")):
            self.as_user(complaint, self.manager).action_accept_handover()
        with freeze_time(self.utc("2026-03-03 09:00")):
            self.as_user(complaint, self.manager).action_withdraw("Said so")
        hands = complaint.handover_ids.filtered("date_from").sorted("date_from")
        self.assertEqual(hands.to_id, self.crc | self.manager)
        self.assertEqual(hands.mapped("hours_done"), [5.0, 19.0])

    # What it costs ---------------------------------------------------------

    def queries(self, call):
        self.env.flush_all()
        self.env.invalidate_all()
        count = self.cr.sql_log_count
        call()
        return self.cr.sql_log_count - count

    def test_flat_query_counts(self):
        """List, board, morning list and filters cost as many queries for twelve cases as for three."""
        Complaint = self.as_user(self.env["aftersales.complaint"], self.manager)
        specification = {name: {} for name in LIST} | {"partner_id": {"fields": {"display_name": {}}}}
        screens = {
            "list": lambda: Complaint.web_search_read([], specification, limit=80),
            "morning": lambda: Complaint.web_search_read([("is_morning", "=", True)], specification, limit=80),
            "team": lambda: Complaint.web_search_read([("is_my_team", "=", True)], specification, limit=80),
            "decisions": lambda: Complaint.web_search_read([("is_my_decision", "=", True)], specification, limit=80),
            "board": lambda: Complaint.web_read_group(
                [], ["state"], ["__count"], auto_unfold=True, unfold_read_specification=specification
            ),
        }

        def make(number):
            for _number in range(number):
                partner = self.env["res.partner"].create({"name": "Caller", "company_id": self.store.id})
                self._create_complaint(repair_order_id=False, partner_id=partner.id)

        make(3)
        for call in screens.values():
            call()
        few = {name: self.queries(call) for name, call in screens.items()}
        make(9)
        many = {name: self.queries(call) for name, call in screens.items()}
        grown = {name: (few[name], count) for name, count in many.items() if count > few[name]}
        self.assertFalse(grown)

    def test_breach_check_reads_what_is_due(self):
        """The search of the breach check reads the clocks that are due and no other, by the database's own count."""
        Clock = self.env["aftersales.clock"]
        complaints = self.env["aftersales.complaint"]
        for _number in range(4):
            complaints |= self._create_complaint()
        self.env.flush_all()
        domain = [("state", "=", "running"), ("date_next_check", "<=", Datetime.now())]
        self.cr.execute("SET LOCAL enable_seqscan = off")
        for due in (0, 3):
            clocks = complaints.sudo().clock_ids.filtered(lambda c: c.state == "running").sorted("id")[:due]
            if clocks:
                clocks._write_protected({"date_next_check": Datetime.now() - timedelta(minutes=1)})
                self.env.flush_all()
            others = Clock.search_count([*domain, ("id", "not in", clocks.ids)])
            query = Clock._search(domain, order="date_deadline, id")
            self.cr.execute("EXPLAIN (ANALYZE, FORMAT JSON) " + self.cr.mogrify(query.select()).decode())
            nodes, rows = [self.cr.fetchone()[0][0]["Plan"]], 0
            while nodes:
                node = nodes.pop()
                nodes += node.get("Plans", [])
                if node.get("Relation Name") == "aftersales_clock":
                    rows += (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
            self.assertEqual(rows, due + others)
