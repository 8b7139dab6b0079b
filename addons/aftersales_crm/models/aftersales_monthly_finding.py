from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError


class AftersalesMonthlyFinding(models.Model):
    """One finding of the quality analysis; it becomes a corrective or preventive action."""

    _name = "aftersales.monthly.finding"
    _description = "Finding of the Quality Analysis"
    _inherit = ["aftersales.protected.mixin", "aftersales.approval.line.mixin"]
    _order = "report_id, sequence, id"
    _check_company_auto = True
    _approval_parent = "report_id"
    _protected_fields = frozenset({"action_id"})

    report_id = fields.Many2one("aftersales.monthly.report", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="report_id.company_id", store=True, index=True)
    sequence = fields.Integer(default=10)
    name = fields.Char("Finding", required=True)
    figure_id = fields.Many2one(
        "aftersales.monthly.figure",
        index="btree_not_null",
        ondelete="set null",
        domain="[('report_id', '=', report_id)]",
        help="The figure that shows it.",
    )
    problem_category_id = fields.Many2one("aftersales.problem.category", index="btree_not_null", ondelete="set null")
    kind = fields.Selection(
        [("corrective", "Corrective"), ("preventive", "Preventive")],
        "Kind of Measure",
        required=True,
        default="preventive",
        help="Preventive: a problem that is common but has not become a complaint yet.",
    )
    cause = fields.Text()
    proposal = fields.Text()
    responsible_id = fields.Many2one("res.users", "Responsible Person", check_company=True)
    date_deadline = fields.Date("Deadline")
    action_id = fields.Many2one(
        "aftersales.corrective.action", readonly=True, copy=False, index="btree_not_null", ondelete="set null"
    )
    action_state = fields.Selection(related="action_id.state", string="Action Step")

    # ------------------------------------------------------------
    # ORM
    # ------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        findings = super().create(vals_list)
        findings.report_id._check_analysis_open()
        return findings

    def write(self, vals):
        if not self._has_proof():
            self.report_id._check_analysis_open()
        result = super().write(vals)
        if "report_id" in vals:
            self.report_id._check_analysis_open()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_handed_over(self):
        self.report_id._check_analysis_open()

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_create_action(self):
        """Make a corrective or preventive action of each finding, as a draft, and open it."""
        self.check_access("read")
        if not self.env.user.has_group("aftersales_crm.group_aftersales_manager"):
            raise AccessError(self.env._("Measures are proposed by the service manager."))
        for finding in self.filtered(lambda row: not row.action_id):
            if not finding.responsible_id or not finding.date_deadline:
                raise UserError(
                    self.env._(
                        "“%(finding)s” needs a responsible person and a deadline before it becomes a measure.",
                        finding=finding.name,
                    )
                )
            action = self.env["aftersales.corrective.action"].create(finding._prepare_action_values())
            finding._write_protected({"action_id": action.id})
            finding.report_id.message_post(
                body=self.env._(
                    "Measure made of the finding “%(finding)s”: %(action)s.",
                    finding=finding.name,
                    action=action.display_name,
                ),
                subtype_xmlid="mail.mt_note",
            )
        return self.action_id._get_records_action(name=self.env._("Corrective and Preventive Actions"))

    def _prepare_action_values(self):
        self.ensure_one()
        return {
            "name": self.name,
            "kind": self.kind,
            "company_id": self.company_id.id,
            "report_id": self.report_id.id,
            "finding_id": self.id,
            "problem": self._problem_text(),
            "root_cause": self.cause,
            "problem_category_id": self.problem_category_id.id,
            "responsible_id": self.responsible_id.id,
            "supervisor_id": self.env.uid,
            "date_deadline": self.date_deadline,
        }

    def _problem_text(self):
        """What the finding says, with the figure that shows it."""
        if not self.figure_id:
            return self.name
        figure = self.figure_id
        return self.env._(
            "%(finding)s (%(report)s, %(figure)s: %(value)s, %(numerator)s of %(denominator)s)",
            finding=self.name,
            report=self.report_id.display_name,
            figure=figure.display_name,
            value=figure.value_text,
            numerator=figure.numerator,
            denominator=figure.denominator,
        )
