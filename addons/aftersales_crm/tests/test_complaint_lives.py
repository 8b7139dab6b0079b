import random

from odoo.tests import tagged
from odoo.tools import mute_logger

from .common_case import AftersalesCaseCommon
from .complaint_lives import Life, count_states


@tagged("post_install", "-at_install")
class TestComplaintLives(AftersalesCaseCommon):
    """Random lives of complaints: whatever people do, the rules hold. `harness bench lives` walks thousands."""

    LIVES = 10
    MOVES = 18

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.kind_delay = cls.env.ref("aftersales_crm.complaint_kind_delay")
        cls.target = cls._take_target()

    @classmethod
    def _take_target(cls):
        """The case into which a duplicate may be merged."""
        return (
            cls.env["aftersales.complaint"]
            .with_user(cls.crc)
            .create(
                {
                    "repair_order_id": cls.order.id,
                    "kind_id": cls.kind.id,
                    "description": "The first call",
                    "company_id": cls.store.id,
                }
            )
        )

    @mute_logger("odoo.addons.aftersales_crm.models.aftersales_protected_mixin")
    @mute_logger("odoo.addons.aftersales_crm.models.aftersales_approval")
    def test_random_lives(self):
        """Graph, custody, clocks and ends hold after every move, and the counts by state add up."""
        chance = random.Random(20260302)
        complaints = self.env["aftersales.complaint"]
        for _life in range(self.LIVES):
            complaints |= Life(self, lambda options: chance.choice(list(options))).run(self.MOVES)
        groups = self.env["aftersales.complaint"]._read_group([("id", "in", complaints.ids)], ["state"], ["__count"])
        self.assertEqual(dict(groups), dict(count_states(complaints)))
        self.assertEqual(sum(count for _state, count in groups), self.LIVES)
        self.assertGreater(len({complaint.state for complaint in complaints}), 2)
