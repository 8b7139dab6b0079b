from odoo import api, fields, models
from odoo.exceptions import UserError


class AftersalesCorrectiveStep(models.TransientModel):
    """Asks for what a step of an action needs; every rule is the action's own."""

    _name = "aftersales.corrective.step"
    _description = "Step of a Corrective Action"

    action_id = fields.Many2one("aftersales.corrective.action", required=True, ondelete="cascade")
    measure_id = fields.Many2one("aftersales.corrective.measure", ondelete="cascade")
    step = fields.Char(required=True)
    reason = fields.Text()
    note = fields.Text()
    attachment_ids = fields.Many2many("ir.attachment", string="Photos and Files")
    date = fields.Date("New Deadline")
    date_deadline = fields.Date(related="action_id.date_deadline", string="Present Deadline")
    effective = fields.Selection([("yes", "Effective"), ("no", "Not effective")], "Effect")
    conclusion = fields.Text()
    effect = fields.Text("Measured Effect", compute="_compute_effect")
    is_early = fields.Boolean(compute="_compute_effect")

    @api.depends("action_id", "step")
    def _compute_effect(self):
        now = fields.Datetime.now()
        for wizard in self:
            action = wizard.action_id
            wizard.effect, wizard.is_early = False, False
            if wizard.step == "verify" and action.state == "done":
                wizard.effect = action._get_effect_preview(now)
                today = action.company_id._aftersales_local(now).date()
                wizard.is_early = today < action.date_effect_due

    def action_apply(self):
        """Do the step."""
        self.ensure_one()
        action = self.action_id
        if self.step == "verify":
            action.action_verify(self.effective, self.conclusion, self.reason)
        elif self.step == "extend":
            action.action_request_extension(self.date, self.reason)
        elif self.step == "measure":
            self.measure_id.action_done(self.note, self.attachment_ids.ids)
        elif self.step == "progress":
            action.action_add_progress(self.note)
        elif self.step == "cancel":
            action.action_cancel_action(self.reason)
        else:
            raise UserError(self.env._('There is no step "%s".', self.step))
        return {"type": "ir.actions.act_window_close"}
