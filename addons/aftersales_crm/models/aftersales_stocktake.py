from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL


class AftersalesStocktake(models.Model):
    """A campaign that checks every vehicle file of the store once."""

    _name = "aftersales.stocktake"
    _description = "Stocktake"
    _inherit = ["mail.thread", "mail.activity.mixin", "aftersales.protected.mixin"]
    _order = "date_start desc, id desc"
    _check_company_auto = True
    _protected_fields = frozenset({"state", "date_closed"})

    name = fields.Char(required=True, default=lambda self: self._default_name())
    date_start = fields.Date("Start", required=True, default=fields.Date.context_today)
    date_end = fields.Date(
        "To Be Done by", compute="_compute_date_end", store=True, readonly=False, required=True, precompute=True
    )
    user_id = fields.Many2one(
        "res.users", "Archivist", required=True, default=lambda self: self.env.user, check_company=True, tracking=True
    )
    state = fields.Selection(
        [("draft", "Draft"), ("running", "Running"), ("closed", "Finished")],
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        index=True,
        tracking=True,
    )
    date_closed = fields.Datetime("Finished on", readonly=True, copy=False)
    line_ids = fields.One2many("aftersales.stocktake.line", "stocktake_id", "Files")
    file_count = fields.Integer("Files on the List", compute="_compute_counts")
    checked_count = fields.Integer("Checked", compute="_compute_counts")
    pending_count = fields.Integer("To Check", compute="_compute_counts")
    problem_count = fields.Integer("Missing or Out of Touch", compute="_compute_counts")
    coverage = fields.Float("Coverage (%)", compute="_compute_counts", digits=(5, 1))
    year_coverage = fields.Float(
        "Coverage of the Store (%)",
        compute="_compute_year_coverage",
        compute_sudo=True,
        digits=(5, 1),
        help="Share of the store's files that were checked within the time that the settings give (12 months).",
    )
    overdue_count = fields.Integer("Files Overdue", compute="_compute_year_coverage", compute_sudo=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company, readonly=True
    )

    _dates = models.Constraint("CHECK(date_end >= date_start)", "A stocktake ends after it begins. Correct one date.")
    _running_uniq = models.UniqueIndex(
        "(company_id) WHERE state = 'running'", "Another stocktake is running. Close it before you start a new one."
    )

    @api.model
    def _default_name(self):
        return self.env._("Stocktake %(year)s", year=fields.Date.context_today(self).year)

    @api.depends("date_start")
    def _compute_date_end(self):
        for stocktake in self:
            if stocktake.date_start and not stocktake.date_end:
                stocktake.date_end = fields.Date.add(stocktake.date_start, months=1)

    @api.depends("line_ids.result")
    def _compute_counts(self):
        counts = {}
        for stocktake, result, count in self.env["aftersales.stocktake.line"]._read_group(
            [("stocktake_id", "in", self.ids)], ["stocktake_id", "result"], ["__count"]
        ):
            counts.setdefault(stocktake.id, {})[result] = count
        for stocktake in self:
            by_result = counts.get(stocktake._origin.id, {})
            stocktake.file_count = sum(by_result.values())
            stocktake.pending_count = by_result.get("pending", 0)
            stocktake.checked_count = stocktake.file_count - stocktake.pending_count
            stocktake.problem_count = by_result.get("missing", 0) + by_result.get("out_of_touch", 0)
            stocktake.coverage = 100 * stocktake.checked_count / stocktake.file_count if stocktake.file_count else 0

    @api.depends("company_id", "line_ids.result")
    def _compute_year_coverage(self):
        vehicles = self.env["aftersales.vehicle"]
        by_company = {}
        for company in self.company_id:
            files = vehicles.search_count([("company_id", "=", company.id)])
            checked = vehicles.search_count(
                [("company_id", "=", company.id), ("last_stocktake_date", ">=", company._aftersales_stocktake_limit())]
            )
            by_company[company] = (100 * checked / files if files else 0, files - checked)
        for stocktake in self:
            stocktake.year_coverage, stocktake.overdue_count = by_company.get(stocktake.company_id, (0, 0))

    # ------------------------------------------------------------
    # ORM
    # ------------------------------------------------------------

    @api.ondelete(at_uninstall=False)
    def _unlink_except_started(self):
        if self.filtered(lambda stocktake: stocktake.state != "draft"):
            raise UserError(self.env._("A stocktake that was started is evidence and cannot be deleted. Close it."))

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_start(self):
        """Put every vehicle file of the store on the list."""
        self.check_access("write")
        for stocktake in self:
            if stocktake.state != "draft":
                raise UserError(self.env._("%(stocktake)s was started already.", stocktake=stocktake.name))
        self._write_protected({"state": "running"})
        self._add_files()
        return True

    def action_add_files(self):
        """Add the files that were made since the start."""
        self.check_access("write")
        for stocktake in self:
            if stocktake.state != "running":
                raise UserError(self.env._("%(stocktake)s is not running.", stocktake=stocktake.name))
        self._add_files()
        return True

    def action_close(self):
        """End the campaign; what was not checked stays on the list as such."""
        self.check_access("write")
        for stocktake in self:
            if stocktake.state != "running":
                raise UserError(self.env._("%(stocktake)s is not running.", stocktake=stocktake.name))
        self._write_protected({"state": "closed", "date_closed": fields.Datetime.now()})
        self.activity_unlink(["mail.mail_activity_data_todo"])
        return True

    def action_open_scan(self):
        """Open the dialog into which plates and VINs are scanned, one after the other."""
        self.ensure_one()
        self.check_access("write")
        return {
            "type": "ir.actions.act_window",
            "name": self.name,
            "res_model": "aftersales.stocktake.scan",
            "view_mode": "form",
            "target": "new",
            "context": {"default_stocktake_id": self.id},
        }

    def action_view_lines(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.name,
            "res_model": "aftersales.stocktake.line",
            "view_mode": "list,kanban",
            "mobile_view_mode": "kanban",
            "domain": [("stocktake_id", "=", self.id)],
            "context": {"search_default_pending": self.state == "running"},
        }

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    def _add_files(self):
        """Add the store's files that are not on the list, in one statement a campaign, however many there are."""
        self.env.flush_all()
        for stocktake in self:
            self.env.cr.execute(
                SQL(
                    """
                    INSERT INTO aftersales_stocktake_line (stocktake_id, vehicle_id, result, company_id,
                                                           create_uid, create_date, write_uid, write_date)
                         SELECT %(stocktake)s, vehicle.id, 'pending', vehicle.company_id,
                                %(uid)s, now() AT TIME ZONE 'UTC', %(uid)s, now() AT TIME ZONE 'UTC'
                           FROM aftersales_vehicle AS vehicle
                          WHERE vehicle.company_id = %(company)s AND vehicle.active
                       ORDER BY vehicle.license_plate, vehicle.id
                    ON CONFLICT (stocktake_id, vehicle_id) DO NOTHING
                    """,
                    stocktake=stocktake.id,
                    company=stocktake.company_id.id,
                    uid=self.env.uid,
                )
            )
        self.invalidate_recordset(["line_ids"])
        self.env["aftersales.vehicle"].invalidate_model(["stocktake_line_ids"])

    # ------------------------------------------------------------
    # CRON
    # ------------------------------------------------------------

    @api.model
    def _cron_chase(self):
        """Remind the archivist of campaigns that are past their day and not done, and of files that nobody checks.

        May run as often as it likes.
        """
        self._chase_overdue_files()
        for stocktake in self.search([("state", "=", "running")]):
            if stocktake.date_end >= stocktake.company_id._aftersales_today() or not stocktake.pending_count:
                continue
            if stocktake.activity_search(["mail.mail_activity_data_todo"]):
                continue
            stocktake.with_context(lang=stocktake.user_id.lang).activity_schedule(
                "mail.mail_activity_data_todo",
                user_id=stocktake.user_id.id,
                summary=stocktake.with_context(lang=stocktake.user_id.lang).env._(
                    "%(count)s files are still to be checked", count=stocktake.pending_count
                ),
            )

    @api.model
    def _chase_overdue_files(self):
        """Ask the archivists for a campaign where files are overdue and none is running; once, until it is done."""
        group = self.env.ref("aftersales_crm.group_aftersales_archivist")
        for company in self.env["res.company"].search([("active", "=", True)]):
            running = self.search_count(
                [("company_id", "=", company.id), ("state", "in", ("draft", "running"))], limit=1
            )
            overdue = self.env["aftersales.vehicle"].search_count(
                [
                    ("company_id", "=", company.id),
                    ("create_date", "<", fields.Date.to_string(company._aftersales_stocktake_limit())),
                    "|",
                    ("last_stocktake_date", "=", False),
                    ("last_stocktake_date", "<", company._aftersales_stocktake_limit()),
                ]
            )
            archivist = group.user_ids.filtered(lambda user, company=company: company in user.company_ids)[:1]
            if running or not overdue or not archivist:
                continue
            campaign = self.with_context(lang=archivist.lang).with_company(company)
            stocktake = campaign.create([{"user_id": archivist.id, "company_id": company.id}])
            stocktake.activity_schedule(
                "mail.mail_activity_data_todo",
                user_id=archivist.id,
                summary=campaign.env._("%(count)s files are overdue: start the stocktake", count=overdue),
            )
