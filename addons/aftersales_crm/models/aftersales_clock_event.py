from odoo import fields, models


class AftersalesClockEvent(models.Model):
    """The ledger of a clock. Rows are only ever added, by the clock itself."""

    _name = "aftersales.clock.event"
    _inherit = ["aftersales.protected.mixin"]
    _description = "Clock Event"
    _order = "clock_id, date_event, id"
    _protected_append_only = True
    _allow_sudo_commands = False

    clock_id = fields.Many2one("aftersales.clock", required=True, ondelete="restrict", index=True)
    company_id = fields.Many2one(related="clock_id.company_id", store=True, index=True)
    kind = fields.Selection(
        [
            ("start", "Started"),
            ("pause", "Paused"),
            ("resume", "Resumed"),
            ("change", "Level or policy changed"),
            ("stop", "Stopped"),
            ("reopen", "Reopened"),
            ("breach", "Breached"),
            ("escalation", "Escalated"),
        ],
        required=True,
    )
    date_event = fields.Datetime(string="Event Time", required=True, help="When it happened.")
    date_entry = fields.Datetime(
        string="Entry Time", required=True, default=fields.Datetime.now, help="When it was recorded."
    )
    user_id = fields.Many2one("res.users", string="By", required=True, default=lambda self: self.env.uid)
    reason = fields.Char()

    # The budget in force from this event on: a copy, so that a later edit of the policy moves nothing
    policy_id = fields.Many2one("aftersales.sla.policy", ondelete="restrict", index="btree_not_null")
    level = fields.Char()
    amount = fields.Float("Duration", digits=(16, 4))
    unit = fields.Selection([("hour", "Hours"), ("day", "Days")])
    time_kind = fields.Selection([("working", "Working time"), ("calendar", "Calendar time")])

    # What followed
    date_deadline = fields.Datetime(string="Deadline Then")
    rule_id = fields.Many2one("aftersales.escalation.rule", ondelete="set null", index="btree_not_null")

    _breach_once = models.UniqueIndex("(clock_id) WHERE kind = 'breach'", "A breach is recorded once.")
    _rung_once = models.UniqueIndex(
        "(clock_id, rule_id) WHERE kind = 'escalation' AND rule_id IS NOT NULL", "Each rung is climbed once."
    )
