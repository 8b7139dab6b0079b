from odoo import api, fields, models
from odoo.exceptions import ValidationError


class AftersalesEscalationRule(models.Model):
    """One rung of the ladder: when, whom, how. Each rung is climbed once a clock."""

    _name = "aftersales.escalation.rule"
    _description = "Escalation Rung"
    _order = "policy_id, offset_sign, sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    policy_id = fields.Many2one("aftersales.sla.policy", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="policy_id.company_id", store=True, index=True)

    # When
    trigger = fields.Selection(
        [("before", "Before the deadline"), ("at", "At the deadline"), ("after", "After the deadline")],
        required=True,
        default="at",
    )
    offset_hours = fields.Float(
        string="Hours", digits=(16, 2), help="Hours before or after the deadline, in the time that the policy uses."
    )
    offset_sign = fields.Integer(compute="_compute_offset_sign", store=True)

    # Whom
    recipient = fields.Selection([("owner", "Who has it in hand"), ("group", "A role")], required=True, default="owner")
    group_id = fields.Many2one("res.groups", string="Role", help="Everybody of this role in the store is told.")

    # How
    channel = fields.Selection(
        [("activity", "Activity"), ("message", "Message"), ("both", "Activity and message")],
        required=True,
        default="both",
    )

    _offset_not_negative = models.Constraint(
        "CHECK(offset_hours >= 0)", "State the hours as a positive number and choose before or after the deadline."
    )

    @api.constrains("recipient", "group_id")
    def _check_group(self):
        for rule in self:
            if rule.recipient == "group" and not rule.group_id:
                raise ValidationError(self.env._("Rung '%(name)s': choose the role to tell.", name=rule.name))

    @api.depends("trigger")
    def _compute_offset_sign(self):
        signs = {"before": -1, "at": 0, "after": 1}
        for rule in self:
            rule.offset_sign = signs.get(rule.trigger, 0)

    def _offset_seconds(self):
        """Seconds from the deadline, negative before it."""
        self.ensure_one()
        return self.offset_sign * round(self.offset_hours * 3600)
