from odoo import api, models
from odoo.exceptions import ValidationError


class AftersalesComplaint(models.Model):
    _inherit = "aftersales.complaint"

    @api.constrains("action_ids", "state", "no_action_reason")
    def _check_action_stands(self):
        """A closed case that demands an action keeps one that was submitted, or the reason for none."""
        for complaint_sudo in self.sudo().filtered(lambda c: c.state == "closed" and c.level != "general"):
            actions = complaint_sudo.action_ids.filtered(lambda a: a.state not in ("cancelled", "draft"))
            if not actions and not (complaint_sudo.no_action_reason or "").strip():
                raise ValidationError(
                    self.env._(
                        "%s was closed because a corrective action is under way: the two stay linked."
                        " Reopen the complaint first.",
                        complaint_sudo.name,
                    )
                )
