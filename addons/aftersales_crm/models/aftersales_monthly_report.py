from datetime import timedelta

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_date, html2plaintext

GROUP_CRC = "aftersales_crm.group_aftersales_crc"
GROUP_MANAGER = "aftersales_crm.group_aftersales_manager"
GROUP_GM = "aftersales_crm.group_aftersales_gm"


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
        "aftersales.approval.mixin",
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
            "state",
            "base_ids",
            "figure_ids",
            "date_submitted",
            "submitted_by_id",
            "date_analysed",
            "analysed_by_id",
            "date_signed",
            "signed_by_id",
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
    # Life
    state = fields.Selection(
        [("draft", "Written"), ("submitted", "Submitted"), ("analysed", "Analysed"), ("signed", "Signed Off")],
        "Step",
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        tracking=True,
        index=True,
        help="Written: the figures are taken. Submitted: the consultant has checked them. Analysed: the service manager"
        " has added the quality analysis. Signed Off: by the general manager.",
    )
    date_submitted = fields.Datetime("Submitted on", readonly=True, copy=False)
    submitted_by_id = fields.Many2one("res.users", "Submitted by", readonly=True, copy=False)
    date_analysed = fields.Datetime("Analysed on", readonly=True, copy=False)
    analysed_by_id = fields.Many2one("res.users", "Analysed by", readonly=True, copy=False)
    date_signed = fields.Datetime("Signed on", readonly=True, copy=False)
    signed_by_id = fields.Many2one("res.users", "Signed by", readonly=True, copy=False)
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
        domain=[("dimension", "in", ("advisor", "agent", "kind", "order_kind", "brand", "level"))],
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
    # ACTIONS
    # ------------------------------------------------------------

    def action_submit(self):
        """The consultant has checked the figures and hands them to the service manager."""
        self._check_role(GROUP_CRC, self.env._("Only a customer relations consultant submits the report."))
        self._check_step("draft")
        self._do_submit()
        return True

    def action_analyse(self):
        """The service manager has written the quality analysis and hands the report to the general manager."""
        self._check_role(GROUP_MANAGER, self.env._("Only the service manager hands the report to the general manager."))
        self._check_step("submitted")
        for report in self:
            if not report.finding_ids and not html2plaintext(report.quality_analysis or "").strip():
                raise UserError(
                    self.env._(
                        "%(report)s has no quality analysis yet. Write it, or add a finding, then hand the report over.",
                        report=report.display_name,
                    )
                )
        self._do_analyse()
        return True

    def action_send_back(self):
        """Ask for the reason, then send the report back to the consultant."""
        self.ensure_one()
        return self._open_dialog("send_back", self.env._("Send Back"))

    def action_revise(self):
        """Ask for the reason, then write a new revision with what is entered today."""
        self.ensure_one()
        return self._open_dialog("revise", self.env._("Write a Revision"))

    def revise(self, reason):
        """Write a revision: a new report of the same month, with what is entered by now.

        :param str reason: why; it stands on the report
        :return: id of the revision (for JSON-2 clients)
        """
        self.ensure_one()
        self._check_role(GROUP_CRC, self.env._("Only a consultant or the service manager revises a report."))
        return self._do_revise(reason).id

    def send_back(self, reason):
        """Send submitted reports back to the consultant, with a reason."""
        self._check_role(GROUP_MANAGER, self.env._("Only the service manager sends a report back."))
        self._check_step("submitted")
        if not (reason or "").strip():
            raise UserError(self.env._("Say why the report goes back."))
        self._write_protected({"state": "draft", "date_submitted": False, "submitted_by_id": False})
        self._outdate_outputs()
        for report in self:
            report.message_post(body=self.env._("Sent back: %(reason)s", reason=reason))
        return True

    @api.model
    def write_month(self, month, company_id=None):
        """Write the report of a month by hand, where the scheduled action has not yet.

        :param month: any day of the month
        :return: id of the report (the one that there is already, if any)
        """
        self._check_role(GROUP_CRC, self.env._("Only a consultant or the service manager writes the report."))
        company = self.env["res.company"].browse(company_id) if company_id else self.env.company
        if company not in self.env.companies:
            raise AccessError(self.env._("You do not work for this store."))
        month = fields.Date.to_date(month).replace(day=1)
        if month > company._aftersales_today():
            raise UserError(self.env._("This month has not begun yet: there is nothing to report."))
        return self._write_month(company, month).id

    def action_check(self):
        """Check totals again, and look for what was entered or changed since the report was written."""
        self._check_role(GROUP_CRC, self.env._("Only a consultant or the service manager checks the report."))
        self.sudo()._run_checks()
        return True

    def action_download_pdf_en(self):
        return self._action_download("pdf", "en")

    def action_download_pdf_zh(self):
        return self._action_download("pdf", "zh")

    def action_download_xlsx_en(self):
        return self._action_download("xlsx", "en")

    def action_download_xlsx_zh(self):
        return self._action_download("xlsx", "zh")

    def _action_download(self, kind, language):
        self.ensure_one()
        self.check_access("read")
        attachment = self._output(kind, language)
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{attachment.id}?download=true",
            "target": "download",
        }

    def action_open_figures(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("aftersales_crm.aftersales_monthly_figure_action")
        action["domain"] = [("report_id", "=", self.id)]
        action["context"] = {"fill_temporal": False, "search_default_group_measure": 1, "search_default_rates": 1}
        return action

    def action_open_base(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("aftersales_crm.aftersales_monthly_base_action")
        action["domain"] = [("report_id", "=", self.id)]
        return action

    def action_open_actions(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Corrective and Preventive Actions"),
            "res_model": "aftersales.corrective.action",
            "domain": [("report_id", "=", self.id)],
            "views": [(False, "list"), (False, "form")],
        }

    def action_open_due(self):
        return self._open_total("due")

    def action_open_successful(self):
        return self._open_total("successful")

    def action_open_made(self):
        return self._open_total("made")

    def action_open_complaints(self):
        return self._open_total("complaints")

    def action_open_satisfied(self):
        return self._open_total("satisfied_rate")

    def action_open_handled(self):
        return self._open_total("handled_in_time")

    def _open_total(self, measure):
        self.ensure_one()
        figure = self.headline_ids.filtered(lambda row: row.measure == measure)
        return figure.action_open_counted()

    def _open_dialog(self, mode, name):
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": "aftersales.monthly.report.dialog",
            "view_mode": "form",
            "target": "new",
            "context": {"default_report_id": self.id, "default_mode": mode},
        }

    def _check_role(self, group, message):
        self.check_access("read")
        if not self.env.su and not self.env.user.has_group(group):
            raise AccessError(message)

    def _check_step(self, state):
        states = dict(self._fields["state"]._description_selection(self.env))
        for report in self:
            if report.state != state or not report.is_current:
                raise UserError(
                    self.env._(
                        "%(report)s stands at “%(state)s”%(old)s: this step is not open. Reload the page.",
                        report=report.display_name,
                        state=states[report.state],
                        old="" if report.is_current else self.env._(" and has been revised"),
                    )
                )

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    def _month_before(self, months):
        return self.month - relativedelta(months=months)

    def _month_name(self):
        if not self.month:
            return ""
        return format_date(self.env, self.month, date_format="LLLL yyyy" if self.env.lang != "zh_CN" else "y年M月")

    def _do_submit(self):
        self._write_protected(
            {"state": "submitted", "date_submitted": fields.Datetime.now(), "submitted_by_id": self.env.uid}
        )
        self._outdate_outputs()
        for report in self:
            report._plan_todo(report._users(GROUP_MANAGER), lambda env: env._("Write the quality analysis"))

    def _do_analyse(self):
        self._write_protected(
            {"state": "analysed", "date_analysed": fields.Datetime.now(), "analysed_by_id": self.env.uid}
        )
        self._outdate_outputs()
        self._close_todo()
        self._approval_request("sign")

    # ------------------------------------------------------------
    # APPROVAL
    # ------------------------------------------------------------

    def _approval_purposes(self):
        return {
            **super()._approval_purposes(),
            "sign": {
                "name": self.env._("Sign-off of the monthly report"),
                "group": GROUP_GM,
                "content": [
                    "month",
                    "revision",
                    "figures_hash",
                    "quality_analysis",
                    ("finding_ids", ["name", "cause", "proposal"]),
                ],
            },
        }

    def _approval_independence_reasons(self, purpose, user):
        reasons = super()._approval_independence_reasons(purpose, user)
        if purpose == "sign":
            report = self.sudo()
            if user == report.submitted_by_id:
                reasons.append(self.env._("You submitted this report: another person must sign it."))
            if user == report.analysed_by_id:
                reasons.append(self.env._("You wrote its quality analysis: another person must sign it."))
        return reasons

    def _approval_approved(self, approval):
        if approval.purpose == "sign":
            self._write_protected(
                {"state": "signed", "date_signed": approval.date_decided, "signed_by_id": approval.decided_by_id.id}
            )
            self._outdate_outputs()
        return super()._approval_approved(approval)

    def _approval_returned(self, approval):
        if approval.purpose == "sign":
            self._write_protected({"state": "submitted", "date_analysed": False, "analysed_by_id": False})
            self._outdate_outputs()
        return super()._approval_returned(approval)

    def _approval_voided(self, approval):
        if approval.purpose == "sign" and self.state == "signed":
            self._write_protected({"state": "analysed", "date_signed": False, "signed_by_id": False})
            self._outdate_outputs()
        return super()._approval_voided(approval)

    # ------------------------------------------------------------
    # MAILING
    # ------------------------------------------------------------

    def _users(self, group):
        """Persons of the store with a role."""
        self.ensure_one()
        return (
            self.env["res.users"]
            .sudo()
            .search([("all_group_ids", "in", self.env.ref(group).id), ("company_ids", "in", self.company_id.id)])
            .filtered(lambda user: user._is_internal() and user.id != self.env.ref("base.user_root").id)
        )

    def _notify_written(self):
        """Tell the general manager, with a copy to the service managers, and ask the consultants to check."""
        for report in self.sudo():
            managing, managers = report._users(GROUP_GM), report._users(GROUP_MANAGER)
            lang = report.company_id.partner_id.lang or self.env.lang
            localized = report.with_context(lang=lang)
            localized.message_post(
                subject=localized.display_name,
                body=self.env["ir.qweb"]
                .with_context(lang=lang)
                ._render(
                    "aftersales_crm.monthly_report_message",
                    dict(
                        localized._document_values(),
                        doc=localized,
                        to=", ".join(managing.mapped("name")),
                        copy=", ".join((managers - managing).mapped("name")),
                    ),
                ),
                partner_ids=(managing | managers).partner_id.ids,
                message_type="notification",
                subtype_xmlid="mail.mt_comment",
                author_id=self.env.user.partner_id.id,
            )
            report._plan_todo(
                report._users(GROUP_CRC) - managers, lambda env: env._("Check the monthly report and submit it")
            )

    def _plan_todo(self, users, summary):
        """One open task on the report: that of the step it is at."""
        self._close_todo()
        for user in users:
            env = self.with_context(lang=user.lang).env
            self.sudo().activity_schedule(
                "mail.mail_activity_data_todo",
                user_id=user.id,
                summary=summary(env),
                date_deadline=self.company_id._aftersales_today() + timedelta(days=2),
            )

    def _close_todo(self):
        self.sudo().activity_unlink(["mail.mail_activity_data_todo"])
