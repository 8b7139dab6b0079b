from datetime import timedelta
from unittest.mock import patch

import psycopg2

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..models.aftersales_repair_order import AftersalesRepairOrder
from .common_order import AftersalesOrderCommon


@tagged("post_install", "-at_install")
class TestRepairOrder(AftersalesOrderCommon):
    def test_customer_defaults_to_owner_and_stays(self):
        """The customer of an order is the owner on that day; a later owner does not get the order."""
        order = self._create_order()
        self.assertEqual(order.partner_id, self.owner)
        buyer = self.env["res.partner"].create({"name": "李四", "company_id": self.store.id})
        self.vehicle.partner_id = buyer
        self.env.invalidate_all()
        self.assertEqual(order.partner_id, self.owner)
        brought = self._create_order(partner_id=self.owner.id)
        self.assertEqual(brought.partner_id, self.owner, "who was entered is kept")
        other = self.env["aftersales.vehicle"].create({"license_plate": "沪B00001", "company_id": self.store.id})
        other.partner_id = buyer
        order.vehicle_id = other
        self.assertEqual(order.partner_id, buyer, "the car was wrong, and so was the customer")

    def test_amounts(self):
        """The total is the sum of the lines; without lines it is what was entered."""
        order = self._create_order(
            line_ids=[
                Command.create({"line_type": "work", "name": "Oil change", "price_unit": 200}),
                Command.create({"line_type": "part", "name": "Oil", "price_unit": 60, "quantity": 4.5}),
            ]
        )
        self.assertRecordValues(order, [{"amount_work": 200, "amount_part": 270, "amount_total": 470}])
        order.line_ids[0].price_unit = 250
        self.assertEqual(order.amount_total, 520)
        self.assertEqual(self._create_order(amount_total=333).amount_total, 333)

    def test_number_unique_per_company(self):
        """An order number is unique in its company, and another company may use it too."""
        self._create_order(name=" WX1 ")
        with mute_logger("odoo.sql_db"), self.assertRaises(psycopg2.errors.UniqueViolation), self.cr.savepoint():
            self._create_order(name="WX1")
        vehicle_b = self.env["aftersales.vehicle"].create({"license_plate": "沪A12345", "company_id": self.store_b.id})
        order = self.env["aftersales.repair.order"].create(
            {"name": "WX1", "vehicle_id": vehicle_b.id, "company_id": self.store_b.id, "advisor_id": self.advisor_b.id}
        )
        self.assertEqual(order.name, "WX1")
        self.assertTrue(self._create_order().name.startswith("RO/"), "an order by hand gets a number")

    def test_deliver_calls_hook_once(self):
        """The hook of the upper floors hears of each delivery once, however it was written."""
        heard = []
        original = AftersalesRepairOrder._order_delivered

        def hear(orders):
            heard.extend(orders.ids)
            return original(orders)

        with patch.object(AftersalesRepairOrder, "_order_delivered", hear):
            by_button, by_write = self._create_order(), self._create_order()
            at_once = self._create_order(date_out=self.utc("2026-03-02 12:00"))
            self.as_user(by_button, self.advisor).action_deliver()
            self.as_user(by_write, self.advisor).date_out = self.utc("2026-03-02 15:00")
            by_write.date_out = self.utc("2026-03-02 16:00")
            entered = self.as_user(by_button, self.advisor).create(
                {
                    "vehicle_id": self.vehicle.id,
                    "date_in": self.utc("2026-03-02 09:00"),
                    "date_out": self.utc("2026-03-02 12:00"),
                    "line_ids": [Command.create({"name": "Oil change", "price_unit": 200})],
                }
            )
        self.assertEqual(heard, [at_once.id, by_button.id, by_write.id, entered.id])
        self.assertEqual(set((by_button | by_write | at_once | entered).mapped("state")), {"delivered"})
        with self.assertRaises(UserError):
            by_button.action_deliver()

    def test_delivery_reaches_vehicle_file(self):
        """A delivery writes the last visit and the odometer of the vehicle file, also of a filed one."""
        self._create_order(date_out=self.utc("2026-03-02 12:00"), odometer=45000)
        self.assertEqual(self.vehicle.last_service_date, self.utc("2026-03-02 12:00"))
        self.assertEqual(self.vehicle.odometer, 45000)
        self._create_order(date_in=self.utc("2026-02-02 09:00"), date_out=self.utc("2026-02-02 12:00"))
        self.assertEqual(self.vehicle.last_service_date, self.utc("2026-03-02 12:00"), "an older visit entered late")
        self.vehicle._write_protected({"state": "filed"})
        wrong = self._create_order(date_in=self.utc("2026-04-02 09:00"), date_out=self.utc("2026-04-02 12:00"))
        self.assertEqual(self.vehicle.last_service_date, self.utc("2026-04-02 12:00"))
        with patch.object(AftersalesRepairOrder, "_order_delivery_moved", autospec=True) as moved:
            self.as_user(wrong, self.manager).date_out = self.utc("2026-04-03 12:00")
        moved.assert_called_once()
        self.assertEqual(self.vehicle.last_service_date, self.utc("2026-04-03 12:00"))
        wrong.action_cancel("entered at the wrong car")
        self.assertEqual(self.vehicle.last_service_date, self.utc("2026-03-02 12:00"), "a cancelled visit was none")

    def test_dates_are_possible(self):
        """A car is not delivered before it came in, nor in the future."""
        with mute_logger("odoo.sql_db"), self.assertRaises(psycopg2.errors.CheckViolation), self.cr.savepoint():
            self._create_order(date_out=self.utc("2026-03-01 09:00"))
        with self.assertRaises(ValidationError):
            self._create_order(date_out=fields.Datetime.now() + timedelta(days=3), date_in=fields.Datetime.now())

    def test_comeback(self):
        """A comeback within the days of the company takes the earlier order out of the first-time fixes."""
        first = self._create_order(date_out=self.utc("2026-03-02 12:00"))
        self.assertTrue(first.is_first_time_fix)
        second = self._create_order(date_in=self.utc("2026-03-20 09:00"))
        self.assertEqual(second.comeback_suggestion_id, first)
        self.as_user(second, self.advisor).action_mark_comeback()
        self.assertRecordValues(second, [{"comeback_of_id": first.id, "is_comeback": True}])
        self.assertRecordValues(first, [{"comeback_date": second.date_in, "is_first_time_fix": False}])
        orders = self.env["aftersales.repair.order"]
        self.assertEqual(orders._first_time_fix_counts([("vehicle_id", "=", self.vehicle.id)]), (0, 1))
        second.action_cancel("entered twice")
        self.assertTrue(first.is_first_time_fix, "a cancelled comeback does not count")
        late = self._create_order(date_in=self.utc("2026-04-02 09:00"), comeback_of_id=first.id)
        self.assertTrue(late.is_comeback)
        self.assertTrue(first.is_first_time_fix, "31 days later is no comeback any more for the rate")

    def test_comeback_boundary(self):
        """The last second of the window still counts, one second more does not."""
        out = self.utc("2026-03-02 12:00")
        for seconds, fixed in ((0, False), (1, True)):
            first = self._create_order(date_out=out)
            self._create_order(date_in=out + timedelta(days=30, seconds=seconds), comeback_of_id=first.id)
            self.assertEqual(first.is_first_time_fix, fixed)

    def test_comeback_of_another_car_refused(self):
        """A comeback is of the same car and of an earlier order."""
        other = self.env["aftersales.vehicle"].create({"license_plate": "沪B00001", "company_id": self.store.id})
        first = self._create_order(vehicle_id=other.id)
        with self.assertRaises(ValidationError):
            self._create_order(comeback_of_id=first.id)
        later = self._create_order(date_in=self.utc("2026-05-02 09:00"))
        with self.assertRaises(ValidationError):
            self._create_order(comeback_of_id=later.id)

    def test_protected_fields(self):
        """State, cancellation and import of an order are nobody's to write."""
        order = self._create_order()
        for user in (self.advisor, self.crc, self.manager, self.admin):
            for vals in ({"state": "delivered"}, {"is_cancelled": True}, {"import_id": False}):
                with (
                    self.assertRaises(AccessError),
                    mute_logger("odoo.addons.aftersales_crm.models.aftersales_protected_mixin"),
                ):
                    self.as_user(order, user).write(vals)
        self.assertEqual(order.state, "open")

    def test_delivered_order_is_locked_for_advisor(self):
        """After the delivery the advisor cannot take the own name off, nor move the delivery; the manager corrects."""
        order = self._create_order(date_out=self.utc("2026-03-02 12:00"), line_ids=[Command.create({"name": "Work"})])
        mine = self.as_user(order, self.advisor)
        for vals in (
            {"advisor_id": self.advisor_2.id},
            {"date_out": self.utc("2026-02-02 12:00")},
            {"date_out": False},
            {"vehicle_id": self.vehicle.id},
            {"amount_total": 1},
            {"line_ids": [Command.clear()]},
        ):
            with self.assertRaises(AccessError):
                mine.write(vals)
        for attack in (
            lambda: mine.line_ids.write({"price_unit": 5}),
            lambda: mine.line_ids.unlink(),
            lambda: mine.line_ids.create({"order_id": order.id, "name": "More"}),
            lambda: mine.action_cancel("no reason"),
        ):
            with self.assertRaises(AccessError):
                attack()
        mine.callback_consent = "yes"
        self.as_user(order, self.manager).advisor_id = self.advisor_2
        self.assertEqual(order.advisor_name, self.advisor_2.name)

    def test_line_cannot_be_moved_to_closed_order(self):
        """A line of an open order is not smuggled into a closed one."""
        closed = self._create_order(date_out=self.utc("2026-03-02 12:00"))
        order = self._create_order(line_ids=[Command.create({"name": "Work"})])
        with self.assertRaises(AccessError):
            self.as_user(order.line_ids, self.advisor).order_id = closed

    def test_crc_records_the_answer_only(self):
        """The CRC records whether the customer accepts callbacks, and nothing else of an order."""
        order = self.as_user(self._create_order(), self.crc)
        self.assertFalse(order.can_keep or order.can_correct)
        order.write({"callback_consent": "yes", "callback_time": "evening", "callback_phone": "021-12345678"})
        with self.assertRaises(AccessError):
            order.write({"customer_words": "changed"})
        with self.assertRaises(AccessError):
            order.create({"vehicle_id": self.vehicle.id})

    def test_cancel_and_reopen(self):
        """A cancelled order keeps its reason, leaves the counts, tells the upper floors, and can come back."""
        order = self._create_order(date_out=self.utc("2026-03-02 12:00"))
        with patch.object(AftersalesRepairOrder, "_order_undelivered", autospec=True) as hook:
            self.as_user(order, self.manager).action_cancel("entered twice")
        hook.assert_called_once()
        self.assertRecordValues(order, [{"state": "cancelled", "cancel_reason": "entered twice"}])
        self.as_user(order, self.manager).action_reopen()
        self.assertEqual(order.state, "delivered")
        dialog = self.as_user(order, self.manager).action_cancel()
        wizard = self.as_user(self.env[dialog["res_model"]], self.manager).with_context(**dialog["context"])
        wizard = wizard.create({"reason": "twice"})
        wizard.action_confirm()
        self.assertEqual(order.state, "cancelled")

    def test_never_deleted(self):
        """Orders are kept: nobody deletes one."""
        order = self._create_order()
        for user in (self.advisor, self.manager, self.admin):
            with self.assertRaises(AccessError):
                self.as_user(order, user).unlink()
        with self.assertRaises(UserError):
            order.unlink()

    def test_company_isolation(self):
        """Another store reads neither the order nor its lines."""
        order = self._create_order(line_ids=[Command.create({"name": "Work"})])
        for user in (self.advisor_b, self.manager_b, self.gm_b, self.admin_b, self.officer):
            for record in (order, order.line_ids):
                with self.assertRaises(AccessError):
                    self.as_user(record, user).read(["name"])
        for user in (self.archivist, self.gm, self.crc):
            self.as_user(order, user).read(["name", "state", "amount_total"])
        with self.assertRaises(AccessError):
            self.as_user(order, self.gm).write({"customer_words": "x"})

    def test_foreign_vehicle_refused(self):
        """An order names no car of another company."""
        vehicle_b = self.env["aftersales.vehicle"].create({"license_plate": "沪B12345", "company_id": self.store_b.id})
        with self.assertRaises(UserError):
            self._create_order(vehicle_id=vehicle_b.id)

    def test_blocked_customer_is_shown(self):
        """An order shows that its customer must not be called."""
        order = self._create_order()
        self.assertFalse(order.callback_blocked)
        self.as_user(self.owner, self.crc).action_aftersales_do_not_call("asked for it")
        order.invalidate_recordset()
        self.assertTrue(order.callback_blocked)
