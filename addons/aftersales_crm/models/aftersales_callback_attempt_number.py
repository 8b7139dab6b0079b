from odoo import models

from ..tools.masking import mask_phone


class AftersalesCallbackAttempt(models.Model):
    """The number that was dialled: its mask tells which one it was; nobody needs it whole from the ledger."""

    _name = "aftersales.callback.attempt"
    _inherit = ["aftersales.callback.attempt", "aftersales.masked.number.mixin"]

    def _masked_numbers(self):
        return super()._masked_numbers() | {"phone": mask_phone}
