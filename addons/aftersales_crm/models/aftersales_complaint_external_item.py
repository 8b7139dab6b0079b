from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools.complaint_steps import TERMINAL


class AftersalesComplaintExternalItem(models.Model):
    """One thing that a body demands in one case."""

    _name = "aftersales.complaint.external.item"
    _description = "Demanded Data"
    _inherit = ["aftersales.protected.mixin"]
    _order = "id"
    _protected_fields = frozenset({"external_id", "demand_id", "filled_by_id", "date_filled"})

    external_id = fields.Many2one("aftersales.complaint.external", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="external_id.company_id", store=True, index=True)
    demand_id = fields.Many2one("aftersales.external.demand", required=True, index=True, ondelete="restrict")
    name = fields.Char(related="demand_id.name", string="Demanded")
    value = fields.Char("What Was Given")
    filled_by_id = fields.Many2one("res.users", "Given by")
    date_filled = fields.Datetime("Given on")

    def write(self, vals):
        if "value" in vals and not self._has_proof():
            if any(
                item.external_id.state != "open" or item.external_id.complaint_id.state in TERMINAL for item in self
            ):
                raise UserError(self.env._("The body was answered: what it was given is not changed any more."))
            self._write_protected({"filled_by_id": self.env.uid, "date_filled": fields.Datetime.now()})
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_evidence(self):
        raise UserError(self.env._("What a body demands of a case is not deleted."))
