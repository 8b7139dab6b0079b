from odoo import api, fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    aftersales_goodwill_limit_staff = fields.Monetary("Goodwill Limit of Staff", default=200.0)
    aftersales_goodwill_limit_manager = fields.Monetary("Goodwill Limit of the Service Manager", default=1000.0)
    aftersales_raise_count = fields.Integer("Raise the Level from Complaint No.", default=3)
    aftersales_recurrence_days = fields.Integer("Recurrence within Days", default=90)
    aftersales_recurrence_km = fields.Integer("Recurrence within Kilometres", default=5000)
    aftersales_handover_hours = fields.Integer("Hours to Answer a Hand-over", default=8)
    aftersales_appeal_days = fields.Integer("Working Days to Appeal", default=3)
    aftersales_safety_words = fields.Char(
        "Safety Words",
        default="fire,smoke,airbag,brake,steering,injur,起火,冒烟,自燃,气囊,刹车,制动,转向,受伤",
        help="Words, separated by commas, that open the safety lane when the customer uses them.",
    )
    aftersales_action_remind_days = fields.Integer("Remind of an Action Days Before", default=3)
    aftersales_action_gm_days = fields.Integer("Overdue Action to the General Manager after Days", default=3)
    aftersales_effect_window = fields.Integer("Days to Measure an Effect", default=30)
    aftersales_digest_date = fields.Date("Last Digest of Actions", copy=False)
    # The complaint address
    aftersales_complaint_alias_id = fields.Many2one("mail.alias", copy=False, readonly=True, ondelete="set null")
    aftersales_complaint_alias_name = fields.Char(
        "Complaint Address",
        compute="_compute_aftersales_complaint_alias_name",
        inverse="_inverse_aftersales_complaint_alias_name",
        help="Mail sent to this address opens a complaint, or goes on with the one that it answers.",
    )
    aftersales_mail_owner_id = fields.Many2one(
        "res.users",
        "Mail Desk",
        domain="[('share', '=', False), ('company_ids', 'in', id)]",
        help="Who owns the complaints that come by e-mail until somebody takes them over.",
    )

    # ------------------------------------------------------------
    # COMPUTES
    # ------------------------------------------------------------

    @api.depends("aftersales_complaint_alias_id.alias_name")
    def _compute_aftersales_complaint_alias_name(self):
        for company in self:
            company.aftersales_complaint_alias_name = company.sudo().aftersales_complaint_alias_id.alias_name

    def _inverse_aftersales_complaint_alias_name(self):
        for company in self:
            alias_sudo = company.sudo().aftersales_complaint_alias_id
            name = company.aftersales_complaint_alias_name
            if alias_sudo:
                alias_sudo.alias_name = name
            elif name:
                company.aftersales_complaint_alias_id = (
                    self.env["mail.alias"]
                    .sudo()
                    .create(
                        {
                            "alias_name": name,
                            "alias_model_id": self.env["ir.model"]._get_id("aftersales.complaint"),
                            "alias_defaults": repr({"company_id": company.id}),
                            "alias_contact": "everyone",
                            "alias_domain_id": company.alias_domain_id.id,
                        }
                    )
                )

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    def _aftersales_mail_owner(self):
        """Return who owns a complaint that comes by mail: the mail desk, else a consultant, manager or GM of the store."""
        self.ensure_one()
        owner_sudo = self.sudo().aftersales_mail_owner_id
        if owner_sudo.active and self in owner_sudo.company_ids:
            return self.env["res.users"].browse(owner_sudo.id)
        for role in ("crc", "manager", "gm"):
            users_sudo = self.env.ref(f"aftersales_crm.group_aftersales_{role}").sudo().user_ids
            fit_sudo = users_sudo.filtered(lambda user: user.active and not user.share and self in user.company_ids)
            if fit_sudo:
                return self.env["res.users"].browse(fit_sudo.sorted("id")[0].id)
        return self.env.user
