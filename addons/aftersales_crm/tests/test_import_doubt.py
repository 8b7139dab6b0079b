from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common_order import VIN_2, AftersalesOrderCommon

WIFE = {"order": "WX002", "plate": "沪B88888", "vin": VIN_2, "name": "张三先生"}


@tagged("post_install", "-at_install")
class TestImportDoubt(AftersalesOrderCommon):
    """A known phone with another name: somebody decides, once for all the files to come."""

    def test_asked_in_the_check_and_once(self):
        """The check asks already; the import, and the next file, do not ask again."""
        imp = self._create_import(self._csv([self._row(**WIFE)]), self.admin)
        imp.action_dry_run()
        doubt = imp.doubt_ids
        self.assertRecordValues(doubt, [{"name": "张三先生", "state": "open", "partner_id": False}])
        self.assertEqual(doubt.candidate_ids, self.owner)
        self.assertNotIn("13800138000", doubt.phone_masked)
        imp.action_apply()
        self.assertEqual(imp.doubt_ids, doubt)
        self.assertEqual(doubt.partner_id, self._find_order("WX002").partner_id)
        again = self._apply([self._row(**WIFE)])
        self.assertFalse(again.doubt_ids)
        self.assertEqual(again.line_ids.result, "unchanged")

    def test_same_person(self):
        """The order and the car go to the card that was known; the next file finds it at once."""
        self._apply([self._row(**WIFE)])
        order = self._find_order("WX002")
        card = order.partner_id
        doubt = self.env["aftersales.import.doubt"].search([("partner_id", "=", card.id)])
        doubt.with_user(self.admin).action_same()
        self.assertEqual((order.partner_id, order.vehicle_id.partner_id), (self.owner, self.owner))
        self.assertFalse(card.active)
        imp = self._apply([self._row(**{**WIFE, "order": "WX003", "vin": "LSVAB4184E2184847", "plate": "沪B77777"})])
        self.assertEqual(self._find_order("WX003").partner_id, self.owner)
        self.assertEqual(imp.partner_created, 0)
        with self.assertRaises(UserError):
            doubt.with_user(self.admin).action_other()

    def test_decided_before_the_import(self):
        """Who is decided between check and import gets no second card."""
        imp = self._create_import(self._csv([self._row(**WIFE)]), self.admin)
        imp.action_dry_run()
        imp.doubt_ids.action_same(self.owner.id)
        imp.action_apply()
        self.assertEqual(self._find_order("WX002").partner_id, self.owner)
        self.assertEqual(imp.partner_created, 0)

    def test_another_person(self):
        """Two persons with one number stay two."""
        self._apply([self._row(**WIFE)])
        doubt = self.env["aftersales.import.doubt"].search([("company_id", "=", self.store.id)])
        doubt.with_user(self.admin).action_other()
        self.assertNotEqual(self._find_order("WX002").partner_id, self.owner)

    def test_not_joined_over_what_was_built(self):
        """A card on which something stands besides what the file brought is not joined."""
        self._apply([self._row(**WIFE)])
        card = self._find_order("WX002").partner_id
        card.message_post(body="talked", message_type="comment")
        doubt = self.env["aftersales.import.doubt"].search([("partner_id", "=", card.id)])
        with self.assertRaisesRegex(UserError, "Merge the two cards by hand"):
            doubt.with_user(self.admin).action_same()
        self.assertTrue(card.active)

    def test_rights(self):
        """Only the administrator of the store decides, and nobody writes a decision by hand."""
        self._apply([self._row(**WIFE)])
        doubt = self.env["aftersales.import.doubt"].search([("company_id", "=", self.store.id)])
        for user in (self.manager, self.advisor, self.officer, self.admin_b):
            with self.assertRaises(AccessError):
                self.as_user(doubt, user).action_same()
        with self.assertRaises(AccessError):
            doubt.with_user(self.admin).write({"state": "same"})
        with self.assertRaises(AccessError):
            doubt.with_user(self.admin).read(["phone"])
