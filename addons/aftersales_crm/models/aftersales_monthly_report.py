from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_date

from .aftersales_monthly_step_mixin import GROUP_MANAGER


class AftersalesMonthlyReport(models.Model):
    """The monthly callback report of one store.

    | Action                     | Who                        | Restriction                                       |
    |----------------------------|----------------------------|---------------------------------------------------|
    | write (take the figures)   | scheduled action, CRC      | one for each store and month; never written anew  |
    | revise                     | CRC, manager               | says why; the earlier revision stays as it was    |
    | submit                     | CRC, manager               | draft                                             |
    | send back                  | manager                    | submitted, with a reason                          |
    | quality analysis, findings | manager                    | draft or submitted                                |
    | hand to the GM             | manager                    | submitted, with an analysis                       |
    | sign or return             | GM                         | not who submitted, analysed or wrote it           |
    | read                       | CRC, manager, GM, admin    | own company                                       |
    | figures only               | group officer              | allowed companies, no staff member's figures      |

    Months and days are the store's; the base is a snapshot, so a past report gives the same figures for ever.
    """

    _name = "aftersales.monthly.report"
    _description = "Monthly Callback Report"
    _inherit = [
        "aftersales.monthly.writing.mixin",
        "aftersales.monthly.check.mixin",
        "aftersales.monthly.step.mixin",
        "aftersales.monthly.opening.mixin",
        "aftersales.monthly.dashboard.mixin",
        "mail.thread",
        "mail.activity.mixin",
    ]
    _order = "month desc, company_id, revision desc"
    # Whoever reads the report may comment on it: the general manager does not write it
    _mail_post_access = "read"
    _protected_fields = frozenset(
        {
            "approval_ids",
            "company_id",
            "month",
            "date_from",
            "date_to",
            "moment_from",
            "moment_to",
            "timezone",
            "satisfied_score",
            "comeback_days",
            "return_days",
            "base_ids",
            "figure_ids",
            "pdf_en_id",
            "pdf_zh_id",
            "xlsx_en_id",
            "xlsx_zh_id",
            "outputs_stored",
        }
    )

    # Which
    company_id = fields.Many2one(
        "res.company", "Store", required=True, readonly=True, index=True, default=lambda self: self.env.company
    )
    month = fields.Date(required=True, readonly=True, index=True, help="Its first day.")
    date_from = fields.Date("From", readonly=True)
    date_to = fields.Date("To", readonly=True)
    moment_from = fields.Datetime("First Moment", readonly=True)
    moment_to = fields.Datetime("First Moment After", readonly=True)
    timezone = fields.Char("Time Zone", readonly=True, help="The store's, when the report was written.")
    satisfied_score = fields.Integer(
        "Satisfied From", readonly=True, help="Score of 5 from which a customer is satisfied."
    )
    comeback_days = fields.Integer(
        readonly=True, help="Days after delivery within which a comeback spoils the first-time fix."
    )
    return_days = fields.Integer(
        "Win-back Days", readonly=True, help="Days after the call within which a lost customer counts as returned."
    )
    # Figures
    base_ids = fields.One2many("aftersales.monthly.base", "report_id", "Frozen Base", readonly=True, copy=False)
    figure_ids = fields.One2many("aftersales.monthly.figure", "report_id", "Figures", readonly=True, copy=False)
    headline_ids = fields.One2many(
        "aftersales.monthly.figure", "report_id", domain=[("dimension", "=", "total")], readonly=True
    )
    split_ids = fields.One2many(
        "aftersales.monthly.figure",
        "report_id",
        "By Advisor, Agent, Kind and Brand",
        domain=[("dimension", "in", ("advisor", "agent", "kind", "case_kind", "order_kind", "brand", "level"))],
        readonly=True,
    )
    question_figure_ids = fields.One2many(
        "aftersales.monthly.figure",
        "report_id",
        "Questions",
        domain=[("dimension", "in", ("question", "score"))],
        readonly=True,
    )
    problem_figure_ids = fields.One2many(
        "aftersales.monthly.figure", "report_id", "Problems", domain=[("dimension", "=", "problem")], readonly=True
    )
    # Headline, for lists and smart buttons
    due = fields.Integer(compute="_compute_headline")
    made_rate_text = fields.Char("Made Rate", compute="_compute_headline")
    success_rate_text = fields.Char("Success Rate", compute="_compute_headline")
    satisfied_rate_text = fields.Char("Satisfied", compute="_compute_headline")
    handled_in_time_text = fields.Char("Handled in Time", compute="_compute_headline")
    complaint_count = fields.Integer("Complaints", compute="_compute_headline")
    summary_html = fields.Html("At a Glance", compute="_compute_summary_html", sanitize=False)
    # Quality analysis
    quality_analysis = fields.Html(copy=False)
    finding_ids = fields.One2many("aftersales.monthly.finding", "report_id", "Findings", copy=False)
    action_ids = fields.One2many("aftersales.corrective.action", "report_id", "Measures", readonly=True, copy=False)
    action_count = fields.Integer("Actions", compute="_compute_action_count")
    can_analyse = fields.Boolean(compute="_compute_can_analyse")
    # Outputs
    pdf_en_id = fields.Many2one("ir.attachment", "PDF (English)", readonly=True, copy=False, ondelete="set null")
    pdf_zh_id = fields.Many2one("ir.attachment", "PDF (Chinese)", readonly=True, copy=False, ondelete="set null")
    xlsx_en_id = fields.Many2one("ir.attachment", "XLSX (English)", readonly=True, copy=False, ondelete="set null")
    xlsx_zh_id = fields.Many2one("ir.attachment", "XLSX (Chinese)", readonly=True, copy=False, ondelete="set null")
    outputs_stored = fields.Boolean(readonly=True, copy=False, index=True)

    _month_uniq = models.Constraint(
        "UNIQUE(company_id, month, revision)", "There is a report of this store and month already."
    )
    _current_uniq = models.UniqueIndex(
        "(company_id, month) WHERE is_current", "Another revision of this store and month is the latest one already."
    )
    _first_day = models.Constraint("CHECK(EXTRACT(DAY FROM month) = 1)", "A month is written as its first day.")
    _revision_reason = models.Constraint(
        "CHECK(revision = 0 OR COALESCE(TRIM(revision_reason), '') <> '')", "Say why the report is revised."
    )

    @api.depends("month", "revision", "company_id")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for report in self:
            name = self.env._("Callback Report %(month)s", month=report._month_name())
            if report.revision:
                name = self.env._("%(name)s, revision %(number)s", name=name, number=report.revision)
            report.display_name = name

    @api.depends("figure_ids")
    def _compute_headline(self):
        names = ("due", "made_rate", "success_rate", "satisfied_rate", "handled_in_time", "complaints")
        figures = self.env["aftersales.monthly.figure"].search(
            [("report_id", "in", self.ids), ("dimension", "=", "total"), ("measure", "in", names)]
        )
        found = {(figure.report_id.id, figure.measure): figure for figure in figures}
        empty = self.env["aftersales.monthly.figure"]
        for report in self:
            due, made, success, satisfied, in_time, complaints = (found.get((report.id, name), empty) for name in names)
            report.due = due.numerator
            report.complaint_count = complaints.numerator
            report.made_rate_text = made.value_text
            report.success_rate_text = success.value_text
            report.satisfied_rate_text = satisfied.value_text
            report.handled_in_time_text = in_time.value_text

    @api.depends("figure_ids")
    @api.depends_context("lang")
    def _compute_summary_html(self):
        for report in self:
            report.summary_html = (
                self.env["ir.qweb"]._render(
                    "aftersales_crm.monthly_report_glance", dict(report._document_values(), doc=report)
                )
                if report.id and report.sudo().figures_hash
                else False
            )

    @api.depends("action_ids")
    def _compute_action_count(self):
        counts = dict(
            self.env["aftersales.corrective.action"]._read_group(
                [("report_id", "in", self.ids)], ["report_id"], ["__count"]
            )
        )
        for report in self:
            report.action_count = counts.get(report, 0)

    @api.depends("state")
    @api.depends_context("uid")
    def _compute_can_analyse(self):
        is_manager = self.env.user.has_group(GROUP_MANAGER)
        for report in self:
            report.can_analyse = is_manager and report.state in ("draft", "submitted")

    # ------------------------------------------------------------
    # ORM
    # ------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        if not self._has_proof():
            self._refuse_protected("create", ["month"])
        return super().create(vals_list)

    def write(self, vals):
        if not self._has_proof() and {"quality_analysis", "finding_ids"}.intersection(vals):
            self._check_analysis_open()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_written(self):
        raise UserError(
            self.env._("A monthly report is evidence and cannot be deleted. Late entries go into a revision.")
        )

    def _check_analysis_open(self):
        """The analysis is the service manager's, until it goes to the general manager."""
        for report in self:
            if report.state not in ("draft", "submitted"):
                raise UserError(
                    self.env._(
                        "%(report)s has gone to the general manager: its analysis stands. Ask for its return to change it.",
                        report=report.display_name,
                    )
                )
        if not self.env.user.has_group(GROUP_MANAGER):
            raise AccessError(self.env._("The quality analysis is written by the service manager."))

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    def _month_before(self, months):
        return self.month - relativedelta(months=months)

    def _month_name(self):
        if not self.month:
            return ""
        return format_date(self.env, self.month, date_format="LLLL yyyy" if self.env.lang != "zh_CN" else "y年M月")
