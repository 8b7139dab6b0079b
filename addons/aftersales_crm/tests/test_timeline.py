from odoo import fields
from odoo.fields import Command

from .common_case import AftersalesCaseCommon


class TestTimeline(AftersalesCaseCommon):
    """One stream of orders, callbacks, complaints, actions, ownership and file events; each row by its reader's rights."""

    def rows(self, record, user, kinds=None):
        name = "timeline_ids" if record._name == "aftersales.vehicle" else "aftersales_timeline_ids"
        self.env.invalidate_all()
        rows = self.as_user(record, user)[name]
        return rows.filtered(lambda row: row.kind in kinds) if kinds else rows

    def test_action_is_an_event(self):
        """An action is begun, signed off, carried out, verified and closed: five events, on the car and on the customer."""
        case = self._create_complaint()
        twin = self._create_complaint(description="Again the same")
        action = self._create_action(complaint_ids=[Command.set((case | twin).ids)])
        kinds = ("action", "action_signed", "action_done", "action_verified", "action_closed")
        for step, seen in (
            ("submitted", 1),
            ("signed", 2),
            ("in_progress", 2),
            ("done", 3),
            ("verified", 4),
            ("closed", 5),
        ):
            self._lead_action_to(action, step)
            for record in (self.vehicle, self.owner):
                rows = self.rows(record, self.crc, kinds)
                with self.subTest(step=step, model=record._name):
                    self.assertEqual(set(rows.mapped("kind")), set(kinds[:seen]))
                    self.assertEqual(len(rows), seen, "Two complaints of one car lead to the action once")
        rows = self.rows(self.vehicle, self.crc, kinds)
        self.assertTrue(all(action.number in text for text in rows.mapped("summary")))
        closed = rows.filtered(lambda row: row.kind == "action_closed")
        self.assertEqual(closed.date, action.date_closed)
        self.assertIn("Effective", closed.summary)
        self.assertEqual(rows.filtered(lambda row: row.kind == "action_done").user_id, self.advisor)
        self.assertEqual(closed.action_open_document()["res_id"], action.id)
        self.assertEqual(len(set(rows.ids)), 5)
        self.assertLess(max(rows.ids), 1 << 53, "A browser keeps it exactly")

    def test_two_cars(self):
        """An action against a problem of several cars stands in the stream of each, and of no other car."""
        other = self.vehicle.copy({"license_plate": "沪B00002", "vin": False, "partner_id": self.owner.copy().id})
        third = self.vehicle.copy({"license_plate": "沪B00003", "vin": False})
        cases = self._create_complaint()
        cases |= self._create_complaint(repair_order_id=False, vehicle_id=other.id, partner_id=other.partner_id.id)
        self._create_action(complaint_ids=[Command.set(cases.ids)])
        for vehicle, count in ((self.vehicle, 1), (other, 1), (third, 0)):
            self.assertEqual(len(self.rows(vehicle, self.crc, ("action",))), count, vehicle.license_plate)

    def test_rights_of_the_reader(self):
        """Who may not read the complaint learns nothing of it by its action: who is concerned, advisors of other orders."""
        case = self._create_complaint(concerned_ids=[Command.set(self.crc_2.ids)])
        self._create_action(complaint_ids=[Command.set(case.ids)])
        for user, seen in (
            (self.crc, 1),
            (self.manager, 1),
            (self.gm, 1),
            (self.advisor, 1),
            (self.crc_2, 0),
            (self.advisor_2, 0),
            (self.archivist, 0),
        ):
            with self.subTest(user=user.login):
                self.assertEqual(len(self.rows(self.vehicle, user, ("action",))), seen)
        stream = self.as_user(self.env["aftersales.timeline"], self.manager_b)
        self.assertFalse(stream.search([("res_model", "=", "aftersales.corrective.action")]))

    def test_former_owner(self):
        """A complaint and its action of a former owner's time leave the car's stream, whenever they end, for the staff."""
        case = self._create_complaint()
        action = self._create_action(complaint_ids=[Command.set(case.ids)])
        yesterday = fields.Datetime.subtract(fields.Datetime.now(), days=2)
        case._write_protected({"date_received": yesterday, "date_event": yesterday})
        buyer = self.env["res.partner"].create({"name": "Buyer"})
        chapters = self.env["aftersales.vehicle.ownership"]
        chapters._current_of(self.vehicle)._write_protected({"date_from": "2026-01-01"})
        request = self.as_user(self.env["aftersales.change.request"], self.advisor)._ask(
            self.vehicle, {"partner_id": buyer.id}, "Sold", "ownership"
        )
        self.as_user(request, self.manager).action_approval_approve()
        self._lead_action_to(action, "closed")
        self._lead_to(case, "closed")
        kinds = ("complaint", "complaint_closed", "action", "action_signed", "action_closed")
        for user in (self.crc, self.advisor):
            with self.subTest(user=user.login):
                self.assertFalse(self.rows(self.vehicle, user, kinds))
                told = str(self.rows(self.vehicle, user).read(["summary", "partner_id"]))
                self.assertNotIn(action.number, told)
        self.assertEqual(set(self.rows(self.owner, self.crc, kinds).mapped("kind")), set(kinds))
        self.assertEqual(set(self.rows(self.vehicle, self.manager, kinds).mapped("kind")), set(kinds))

    def test_cost(self):
        """The stream of a car costs as many queries with twenty actions as with two."""

        def cost():
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.as_user(self.vehicle, self.crc).timeline_ids.read(["date", "kind", "summary", "user_id", "can_open"])
            return self.env.cr.sql_log_count - before

        case = self._create_complaint()
        for _number in range(2):
            self._create_action(complaint_ids=[Command.set(case.ids)])
        self.env.flush_all()
        cost()
        small = cost()
        for _number in range(18):
            self._create_action(complaint_ids=[Command.set(case.ids)])
        self.env.flush_all()
        self.assertLessEqual(cost(), small)
