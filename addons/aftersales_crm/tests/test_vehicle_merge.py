from odoo import fields
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools import mute_logger

from .common_file import VINS, FileCommon


class TestVehicleMerge(FileCommon):
    """Two files of one car (a wrong VIN) become one: reviewed, journalled, undoable, with the history of both."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.keep = cls.create_vehicle().with_env(cls.env)
        cls.duplicate = cls.create_vehicle(
            license_plate=False, vin=VINS[1], engine_number="ENG9", inspection_due_date="2030-01-01"
        ).with_env(cls.env)
        now = fields.Datetime.now()
        cls.order = cls.env["aftersales.repair.order"].create(
            {
                "name": "WX-9",
                "vehicle_id": cls.duplicate.id,
                "company_id": cls.store.id,
                "date_in": fields.Datetime.subtract(now, days=3),
                "date_out": fields.Datetime.subtract(now, days=2),
                "odometer": 5000,
                "line_ids": [Command.create({"name": "Oil"})],
            }
        )
        cls.env["aftersales.vehicle.odometer"].create({"vehicle_id": cls.keep.id, "date": "2020-01-01", "value": 100})
        cls.complaint = cls.env["aftersales.complaint"].create(
            {
                "vehicle_id": cls.duplicate.id,
                "partner_id": cls.customer.id,
                "company_id": cls.store.id,
                "description": "Noise",
            }
        )
        cls.env.flush_all()

    def ask(self, user=None, keep=None, duplicate=None):
        merge = self.as_user(self.env["aftersales.vehicle.merge"], user or self.advisor).create(
            {
                "keep_id": (keep or self.keep).id,
                "duplicate_id": (duplicate or self.duplicate).id,
                "reason": "The VIN was misread",
            }
        )
        merge.action_submit()
        return merge

    def merged(self):
        merge = self.ask()
        self.as_user(merge, self.manager).action_approval_approve()
        self.env.invalidate_all()
        return merge

    def test_merge(self):
        """Everything that pointed to the duplicate points to the kept file; the duplicate rests in the archive."""
        last = self.duplicate.last_service_date
        merge = self.merged()
        self.assertEqual(merge.state, "applied")
        self.assertEqual((self.order | self.complaint.repair_order_id).vehicle_id, self.keep)
        self.assertEqual(self.complaint.vehicle_id, self.keep)
        self.assertRecordValues(
            self.keep,
            [{"active": True, "odometer": 5000, "engine_number": "ENG9", "vin": VINS[0], "last_service_date": last}],
        )
        self.assertRecordValues(self.duplicate, [{"active": False, "vin": VINS[1], "last_service_date": False}])
        self.assertIn("Repair Order", merge.moved_summary)
        self.assertIn("order", self.keep.timeline_ids.mapped("kind"))
        self.assertIn(merge.name, str(self.keep.message_ids.mapped("body")))
        self.create_vehicle(license_plate=False, vin=VINS[1])

    @mute_logger("odoo.addons.aftersales_crm.models.aftersales_approval")
    def test_reviewed(self):
        """Nobody merges alone: neither who asked nor who created the request decides, and no other role does."""
        merge = self.ask(self.manager)
        for user in (self.manager, self.advisor, self.archivist, self.gm, self.admin):
            with self.subTest(user=user.login), self.assertRaises(UserError):
                self.as_user(merge, user).action_approval_approve()
        self.assertTrue(self.duplicate.active)
        self.as_user(merge, self.manager_2).action_approval_approve()
        self.assertEqual(merge.state, "applied")

    @mute_logger("odoo.addons.aftersales_crm.models.aftersales_approval")
    def test_undo(self):
        """An undo is reviewed too and brings back exactly what the merge moved; what came since stays."""
        merge = self.merged()
        later = self.env["aftersales.repair.order"].create(
            {"name": "WX-10", "vehicle_id": self.keep.id, "company_id": self.store.id}
        )
        asked = self.as_user(merge, self.advisor)
        with self.assertRaises(UserError):
            asked.action_undo()
        asked.undo_reason = "Two cars after all"
        asked.action_undo()
        self.assertEqual(merge.state, "undoing")
        with self.assertRaises(UserError):
            asked.action_approval_approve()
        self.as_user(merge, self.manager).action_approval_approve()
        self.env.invalidate_all()
        self.assertRecordValues(merge, [{"state": "undone"}])
        self.assertEqual(self.order.vehicle_id, self.duplicate)
        self.assertEqual(self.complaint.vehicle_id, self.duplicate)
        self.assertEqual(later.vehicle_id, self.keep)
        self.assertRecordValues(self.keep, [{"engine_number": False, "odometer": 100, "vin": VINS[0]}])
        self.assertRecordValues(
            self.duplicate, [{"active": True, "engine_number": "ENG9", "vin": VINS[1], "odometer": 5000}]
        )
        self.assertTrue(self.duplicate.last_service_date)

    @mute_logger("odoo.sql_db")
    def test_stays_unique(self):
        """What the kept file has already stays where it is, and the merge goes through."""
        stocktake = self.env["aftersales.stocktake"].create({"company_id": self.store.id, "user_id": self.archivist.id})
        stocktake.action_start()
        self.merged()
        self.assertEqual(
            stocktake.line_ids.vehicle_id, self.keep | self.duplicate, "A line each: the list of a campaign is unique"
        )

    def test_refused(self):
        """No file of another store, none that waits for approval, none that is archived, not the same file twice."""
        foreign = self.create_vehicle(self.advisor_b, partner_id=False).with_env(self.env)
        with self.assertRaises(UserError):
            self.ask(duplicate=foreign)
        self.as_user(self.duplicate, self.advisor).action_submit()
        with self.assertRaises(UserError):
            self.ask()
        self.as_user(self.duplicate, self.advisor).action_take_back()
        self.merged()
        with self.assertRaises(UserError):
            self.ask()
