from odoo import api, models


class ResUsers(models.Model):
    """A customer may have a login too: the number behind it is the same number."""

    _name = "res.users"
    _inherit = ["res.users", "aftersales.masked.number.mixin"]

    @api.model
    def _masked_numbers(self):
        return super()._masked_numbers() | self.env["res.partner"]._masked_numbers()

    def write(self, vals):
        own = self == self.env.user and set(vals) <= set(self._self_accessible_fields()[1])
        return super().write(vals if own else self._write_numbers(vals))
