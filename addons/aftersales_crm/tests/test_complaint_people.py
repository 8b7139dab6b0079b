from odoo.exceptions import UserError
from odoo.tests import Form, tagged

from .common_case import AftersalesCaseCommon


@tagged("post_install", "-at_install")
class TestComplaintPeople(AftersalesCaseCommon):
    """Who may be chosen, who is kept out, and that a case stays where it was taken in."""

    def open_dialog(self, complaint, user, step):
        wizard = self.as_user(self.env["aftersales.complaint.step"], user)
        return Form(wizard.with_context(default_complaint_id=complaint.id, default_step=step))

    def test_choice_of_a_handler(self):
        """The dialog offers those whom the server would accept: role of the level, own store, not concerned."""
        complaint = self._create_complaint(concerned_ids=[(6, 0, self.manager_2.ids)])
        self._lead_to(complaint, "confirmed")
        form = self.open_dialog(complaint, self.manager, "classify")
        form.level = "general"
        self.assertEqual(form.choice_ids[:], self.manager | self.gm)
        form.level = "urgent"
        self.assertEqual(form.choice_ids[:], self.gm)

    def test_choice_of_a_hand_over(self):
        """A case is handed over to staff who handle complaints in this store: no archivist, no other store."""
        complaint = self._create_complaint(concerned_ids=[(6, 0, self.advisor.ids)])
        form = self.open_dialog(complaint, self.crc, "handover")
        choice = form.choice_ids[:]
        self.assertEqual(choice, self.crc_2 | self.advisor_2 | self.manager | self.manager_2 | self.gm)
        for stranger in (self.archivist, self.crc_b, self.advisor, self.crc):
            with self.assertRaises(UserError):
                self.as_user(complaint, self.crc).action_propose_handover(stranger.id, "Holiday")

    def test_people_of_another_store(self):
        """Persons concerned and responsible work in the store of the case."""
        complaint = self._create_complaint()
        case = self.as_user(complaint, self.manager)
        for values in (
            {"concerned_ids": [(4, self.advisor_b.id)]},
            {"responsible_main_id": self.advisor_b.id},
            {"responsible_secondary_ids": [(4, self.advisor_b.id)]},
        ):
            with self.assertRaises(UserError):
                case.write(values)

    def test_stays_in_its_store(self):
        """A case is never moved to another store, by nobody."""
        complaint = self._create_complaint()
        both = self.env.ref("base.user_admin")
        with self.assertRaises(UserError):
            complaint.with_user(both).sudo().company_id = self.store_b

    def test_concerned_sees_nothing(self):
        """Who is concerned finds the case by no way: search, group-by, read, chatter, ledgers, clocks, export."""
        complaint = self._create_complaint(concerned_ids=[(6, 0, self.manager_2.ids)])
        self.as_user(complaint, self.manager).message_post(body="Between us", subtype_xmlid="mail.mt_comment")
        self.env.flush_all()
        case = self.as_user(complaint, self.manager_2)
        domain = [("id", "=", complaint.id)]
        self.assertFalse(case.search(domain))
        self.assertFalse(case.search([("name", "=", complaint.name)]))
        self.assertEqual(case.search_count(domain), 0)
        self.assertFalse(case._read_group(domain, ["level"], ["__count"]))
        self.assertFalse(case.formatted_read_group(domain, ["state"], ["__count"]))
        self.assertFalse(case.name_search(complaint.name))
        for attempt in (
            lambda: case.read(["facts"]),
            lambda: case.export_data(["facts"]),
            lambda: case.write({"facts": "Nothing happened."}),
            lambda: case.message_post(body="I was not there."),
            lambda: case.action_confirm(),
            lambda: case.action_reply("Sorry"),
        ):
            with self.assertRaises(UserError):
                attempt()
        case.message_subscribe(self.manager_2.partner_id.ids)
        self.assertNotIn(self.manager_2.partner_id, complaint.message_partner_ids)
        env = case.env
        self.assertFalse(env["aftersales.handover"].search([("complaint_id", "=", complaint.id)]))
        attached = [("res_model", "=", "aftersales.complaint"), ("res_id", "=", complaint.id)]
        self.assertFalse(env["aftersales.clock"].search(attached))
        self.assertFalse(env["aftersales.approval"].search(attached))
        messages = env["mail.message"].search([("model", "=", "aftersales.complaint"), ("res_id", "=", complaint.id)])
        self.assertFalse(messages)
        self.assertFalse(env["mail.activity"].search(attached))
        # Through other records that point to the case
        order = env["aftersales.repair.order"].browse(self.order.id)
        self.assertNotIn(complaint, env["aftersales.complaint"].search([("repair_order_id", "=", order.id)]))

    def test_only_staff_of_the_store_follows(self):
        """The customer, other stores and persons concerned never become followers, by whatever way."""
        complaint = self._create_complaint(concerned_ids=[(6, 0, self.advisor.ids)])
        people = self.order.partner_id | self.advisor.partner_id | self.crc_b.partner_id | self.manager.partner_id
        self.as_user(complaint, self.gm).message_subscribe(people.ids)
        followers = complaint.message_partner_ids
        self.assertIn(self.manager.partner_id, followers)
        self.assertFalse(followers & (people - self.manager.partner_id))
