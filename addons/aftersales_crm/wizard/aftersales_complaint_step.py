from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.aftersales_complaint_level_mixin import LEVELS
from ..models.aftersales_complaint_step_mixin import HANDLING_SCORES
from ..tools.complaint_steps import highest


class AftersalesComplaintStep(models.TransientModel):
    """Asks for what a step of a complaint needs; every rule is the complaint's own."""

    _name = "aftersales.complaint.step"
    _description = "Step of a Complaint"

    complaint_id = fields.Many2one("aftersales.complaint", required=True, ondelete="cascade")
    company_id = fields.Many2one(related="complaint_id.company_id")
    step = fields.Char(required=True)
    reason = fields.Text()
    recourse = fields.Text("Recourse Told")
    note = fields.Text()
    level = fields.Selection(LEVELS, compute="_compute_level", store=True, readonly=False)
    level_proposed = fields.Selection(related="complaint_id.level_proposed", related_sudo=False)
    level_reason = fields.Char(related="complaint_id.level_reason", related_sudo=False)
    handler_id = fields.Many2one(
        "res.users",
        compute="_compute_handler_id",
        store=True,
        readonly=False,
        domain="[('id', 'in', choice_ids)]",
    )
    user_id = fields.Many2one("res.users", "Hand Over to", domain="[('id', 'in', choice_ids)]")
    choice_ids = fields.Many2many("res.users", compute="_compute_choice_ids")
    satisfied = fields.Selection([("yes", "Yes"), ("no", "No")], "Is the customer satisfied now?")
    waiting_for = fields.Selection([("customer", "Customer"), ("parts", "Parts")], "Waiting for")
    target_id = fields.Many2one("aftersales.complaint", "Merge into")
    lane = fields.Selection([("is_safety", "Safety Lane"), ("is_external", "Media or Authority")])
    date_promised_update = fields.Datetime("Next Update Promised")
    handling_score = fields.Selection(HANDLING_SCORES, "Satisfaction with the Handling")
    handling_comment = fields.Text("Customer on the Handling")
    body_id = fields.Many2one(
        "aftersales.external.body", "External Body", domain="[('company_id', 'in', (company_id, False))]"
    )
    reference = fields.Char("Reference There")
    external_id = fields.Many2one("aftersales.complaint.external", "External Body in the Case")
    external_missing = fields.Char(related="external_id.missing", related_sudo=False)

    @api.depends("complaint_id")
    def _compute_level(self):
        for wizard in self:
            complaint = wizard.complaint_id
            wizard.level = highest(complaint.level, complaint.level_proposed)

    @api.depends("complaint_id", "level")
    def _compute_handler_id(self):
        for wizard in self:
            wizard.handler_id = wizard.complaint_id and wizard.complaint_id._get_default_handler(wizard.level)

    @api.depends("complaint_id", "step", "level")
    def _compute_choice_ids(self):
        for wizard in self:
            case = wizard.complaint_id
            if case and wizard.step == "handover":
                wizard.choice_ids = case._get_recipients()
            elif case and wizard.step == "classify" and wizard.level:
                wizard.choice_ids = case._get_handlers(wizard.level)
            else:
                wizard.choice_ids = False

    def action_apply(self):
        """Do the step."""
        self.ensure_one()
        case = self.complaint_id
        if self.step == "classify":
            case.action_classify(self.level, self.handler_id.id, self.reason)
        elif self.step == "change_level":
            case.action_change_level(self.level, self.reason)
        elif self.step == "second_callback":
            case.action_record_second_callback(self.satisfied, self.note, self.handling_score, self.handling_comment)
        elif self.step == "second_exception":
            case.action_allow_second_caller(self.reason)
        elif self.step == "rework":
            case.action_rework(self.reason)
        elif self.step == "reject":
            case.action_reject(self.reason, self.recourse)
        elif self.step == "withdraw":
            case.action_withdraw(self.reason)
        elif self.step == "merge":
            case.action_merge(self.target_id.id)
        elif self.step == "reopen":
            case.action_reopen(self.reason)
        elif self.step == "reply":
            case.action_reply(self.note, self.date_promised_update)
        elif self.step == "pause":
            case.action_pause(self.waiting_for, self.reason)
        elif self.step == "handover":
            case.action_propose_handover(self.user_id.id, self.reason)
        elif self.step == "refuse_handover":
            case.action_refuse_handover(self.reason)
        elif self.step == "promise":
            case.action_promise(self.date_promised_update)
        elif self.step == "involve":
            case.action_involve(self.body_id.id, self.reference, self.note)
        elif self.step == "answer_external":
            self._get_external().action_answer(self.note)
        elif self.step == "settle_external":
            self._get_external().action_settle(self.note)
        elif self.step == "leave_lane":
            case.action_leave_lane(self.lane, self.reason)
        else:
            raise UserError(self.env._('There is no step "%s".', self.step))
        return {"type": "ir.actions.act_window_close"}

    def _get_external(self):
        if self.external_id.complaint_id != self.complaint_id:
            raise UserError(self.env._("Choose an external body of this case."))
        return self.external_id
