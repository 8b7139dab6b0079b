from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..models.aftersales_protected_mixin import _KEY
from .common import ROLES, AftersalesCommon

MIXIN = "odoo.addons.aftersales_crm.models.aftersales_protected_mixin"


@tagged("aftersales_engine")
class TestProtected(AftersalesCommon):
    """Declared fields are written by the model's own methods and by nothing else."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vehicle = (
            cls.env["aftersales.vehicle"]
            .with_user(cls.advisor)
            .create(
                {
                    "vin": "LATPAB071W1005301",
                    "license_plate": "沪A12345",
                    "model_id": cls.car_model.id,
                    "partner_id": cls.env["res.partner"].create({"name": "Owner", "phone": "13800000001"}).id,
                }
            )
        )

    def test_no_role_writes_protected_fields(self):
        """Neither a role, nor an administrator, nor the superuser's environment writes a protected field."""
        users = [getattr(self, role) for role in ROLES if role != "officer"] + [self.env.ref("base.user_root")]
        for user in users:
            with self.subTest(user=user.login), self.assertLogs(MIXIN, "WARNING") as log:
                with self.assertRaises(AccessError):
                    self.vehicle.with_user(user).sudo().write({"state": "filed"})
                self.assertIn(f"by user {user.id}", log.output[0], "the log shows who tried")
        self.assertEqual(self.vehicle.state, "draft")

    def test_no_context_key_opens_the_door(self):
        """A client can send any key and any JSON value: none of them is the proof."""
        for value in (True, 1, "aftersales.vehicle", {"model": "aftersales.vehicle"}, ["aftersales.vehicle"]):
            vehicle = self.vehicle.with_context(**{_KEY: value})
            with self.subTest(value=value), mute_logger(MIXIN), self.assertRaises(AccessError):
                vehicle.write({"state": "filed"})

    def test_the_proof_is_good_for_one_model(self):
        """A proof for one model opens no other, and does not travel with the records that were written."""
        created = self.env["aftersales.vehicle"]._create_protected([{"vin": "1M8GDM9AXKP042788", "state": "draft"}])
        self.assertNotIn(_KEY, created.env.context)
        with mute_logger(MIXIN), self.assertRaises(AccessError):
            created.write({"state": "filed"})

    def test_create_and_defaults(self):
        """A record cannot be born with a protected value, neither by its values nor by a default in the context."""
        vehicles = self.env["aftersales.vehicle"].with_user(self.advisor)
        with mute_logger(MIXIN), self.assertRaises(AccessError):
            vehicles.create({"vin": "1M8GDM9AXKP042788", "state": "filed"})
        with self.assertLogs(MIXIN, "WARNING"):
            vehicle = vehicles.with_context(default_state="filed").create({"vin": "1M8GDM9AXKP042788"})
        self.assertEqual(vehicle.state, "draft")

    def test_import_and_x2many_commands(self):
        """The import and commands of a parent document end in the same refusal."""
        with mute_logger(MIXIN):
            result = (
                self.env["aftersales.vehicle"]
                .with_user(self.advisor)
                .load(["vin", "state"], [["1M8GDM9AXKP042788", "filed"]])
            )
        self.assertFalse(result["ids"])
        self.vehicle.with_user(self.advisor).action_submit()
        approval = self.vehicle.approval_ids
        for commands in ([(1, approval.id, {"state": "approved"})], [(2, approval.id)], [(5,)], [(0, 0, {})]):
            with self.subTest(commands=commands), mute_logger(MIXIN), self.assertRaises(AccessError):
                self.vehicle.with_user(self.advisor).write({"approval_ids": commands})
        self.assertEqual(approval.state, "pending")

    def test_ledgers_are_append_only(self):
        """Rows of approvals, clocks and their events are neither made, changed nor deleted by hand, in no role."""
        self.vehicle.with_user(self.advisor).action_submit()
        approval = self.vehicle.approval_ids
        clock = approval.sudo().clock_ids
        self.assertTrue(clock.event_ids)
        for rows in (approval, clock, clock.event_ids):
            for user in (self.advisor, self.manager, self.gm, self.admin, self.env.ref("base.user_root")):
                mine = rows.with_user(user).sudo()
                with self.subTest(model=rows._name, user=user.login), mute_logger(MIXIN):
                    with self.assertRaises(AccessError):
                        mine.write({"company_id": self.store_b.id})
                    with self.assertRaises(AccessError):
                        mine.unlink()
                    with self.assertRaises(AccessError):
                        mine.create([{"company_id": self.store.id}])
