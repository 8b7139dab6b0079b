from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common_order import HEADERS, VIN_2, AftersalesOrderCommon

NEW_CAR = {"plate": "沪B88888", "vin": VIN_2, "name": "李四", "phone": "13900139000"}


@tagged("post_install", "-at_install")
class TestImportUndo(AftersalesOrderCommon):
    """An applied import can be traced from each record, and taken back while nothing else was built on it."""

    def _state(self):
        vehicles = (
            self.env["aftersales.vehicle"].with_context(active_test=False).search([("company_id", "=", self.store.id)])
        )
        orders = self.env["aftersales.repair.order"].search([("company_id", "=", self.store.id)])
        return (
            vehicles.mapped(lambda v: (v.vin, v.license_plate, v.brought_by_id, v.odometer, v.last_service_date, v.model_id)),
            orders.mapped(lambda o: (o.name, o.amount_total, o.state, o.kind, o.technician_names, o.line_ids.mapped("amount"))),
            self.env["res.partner"].search([("company_id", "=", self.store.id)]).mapped(lambda p: (p.name, p.phone)),
            self.env["fleet.vehicle.model"].search_count([]),
        )  # fmt: skip

    def test_everything_is_taken_back(self):
        """What it made is gone, what it changed has its former value, readings and last visits as well."""
        headers = [*HEADERS, "维修项目", "工时费", "维修技师", "品牌", "车型"]
        extra = {"works": "检查", "work": "50", "staff": "马超", "brand": "", "model": ""}
        self._apply([self._row(total="100", km="44000", **extra)], headers=headers)
        before = self._state()
        again = {**extra, "works": "换机油", "work": "80", "staff": "孙师傅"}
        imp = self._apply(
            [
                self._row(total="880", kind="维修", km="44000", **again),
                self._row(order="WX002", date_in="2026-03-09 09:00", date_out="2026-03-09 17:00", km="46000", **extra),
                self._row(order="WX003", **NEW_CAR, **{**extra, "brand": "蔚来", "model": "ET5"}),
            ],
            headers=headers,
        )
        self.assertNotEqual(self._state(), before)
        imp.action_undo()
        self.assertEqual(self._state(), before)
        self.assertRecordValues(imp, [{"state": "undone", "undone_by_id": self.admin.id}])
        with self.assertRaises(UserError):
            imp.action_undo()

    def test_not_when_something_was_built_on_it(self):
        """A correction, a later import, a document or a talk on what it wrote stands in the way, and is named."""
        obstacles = {
            "corrected": lambda order: self.as_user(order, self.manager).write({"odometer": 7}),
            "undo that one first": lambda order: self._apply([self._row(total="9", **NEW_CAR)]),
            "Vehicle Insurance|Insurance": lambda order: self.env["aftersales.vehicle.insurance"].create(
                {"vehicle_id": order.vehicle_id.id, "insurer": "PICC", "date_end": "2027-01-01"}
            ),
            "Messages": lambda order: order.message_post(body="called", message_type="comment"),
            "no draft": lambda order: order.vehicle_id._write_protected({"state": "submitted"}),
        }
        for reason, build in obstacles.items():
            with self.subTest(reason):
                savepoint = self.env.cr.savepoint()
                imp = self._apply([self._row(**NEW_CAR)])
                build(self._find_order("WX001"))
                with self.assertRaisesRegex(UserError, reason):
                    imp.action_undo()
                self.assertEqual(imp.state, "applied")
                savepoint.close(rollback=True)

    def test_a_refusal_is_not_unheard(self):
        """Taking an import back does not widen consent."""
        self._apply([self._row(consent="是")])
        imp = self._apply([self._row(consent="否")])
        imp.action_undo()
        self.assertEqual(self._find_order("WX001").callback_consent, "no")

    def test_only_the_administrator(self):
        imp = self._apply([self._row()])
        for user in (self.manager, self.gm, self.admin_b):
            with self.assertRaises(AccessError):
                self.as_user(imp, user).action_undo()

    def test_trace(self):
        """From each record to the rows that touched it, and from the import to its records."""
        imp = self._apply([self._row(), self._row(order="WX002", **NEW_CAR)])
        order = self._find_order("WX002")
        for record, method in (
            (order, "action_view_import_lines"),
            (order.vehicle_id, "action_view_import_lines"),
            (order.partner_id, "action_aftersales_view_import_lines"),
        ):
            action = getattr(self.as_user(record, self.admin), method)()
            lines = self.env["aftersales.import.line"].search(action["domain"])
            self.assertEqual(lines, imp.line_ids[1])
        for method, records in (
            ("action_view_orders", imp.line_ids.order_id),
            ("action_view_vehicles", imp.line_ids.vehicle_id),
            ("action_view_partners", imp.line_ids.partner_id),
        ):
            action = getattr(imp, method)()
            self.assertEqual(
                self.env[action["res_model"]].with_user(self.admin).search(action["domain"]).ids, records.sorted().ids
            )
        self.assertEqual(imp.line_ids.mapped("marks"), ["O", "OVP"])
