from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..tools.complaint_steps import TERMINAL

# Who is in one of these is kept out of the case
CONCERNED = frozenset({"concerned_ids", "responsible_main_id", "responsible_secondary_ids"})


class AftersalesComplaintInvestigationMixin(models.AbstractModel):
    """What was found, both sides heard, and whom the complaint is about.

    Who is concerned is kept out: by a record rule, in every step, in notices and among the followers. They read their
    finding in `aftersales.appeal`.
    """

    _name = "aftersales.complaint.investigation.mixin"
    _description = "Complaint: Investigation and Persons Concerned"
    _inherit = ["aftersales.protected.mixin", "mail.thread"]

    _protected_fields = frozenset({"date_investigated", "investigated_by_id"})

    concerned_ids = fields.Many2many(
        "res.users",
        "aftersales_complaint_concerned_rel",
        "complaint_id",
        "user_id",
        string="Persons Concerned",
        domain="[('share', '=', False), ('company_ids', 'in', company_id)]",
        check_company=True,
        help="The staff whom the complaint is about. They cannot open it nor handle it; they may appeal.",
    )
    facts = fields.Text(copy=False)
    statement_customer = fields.Text("The Customer's Side", copy=False)
    statement_staff = fields.Text("Our Staff's Side", copy=False)
    cause_id = fields.Many2one(
        "aftersales.cause", index="btree_not_null", ondelete="restrict", check_company=True, copy=False
    )
    root_cause = fields.Text(copy=False)
    department = fields.Char(copy=False)
    responsible_main_id = fields.Many2one(
        "res.users",
        "Main Responsible",
        copy=False,
        domain="[('share', '=', False), ('company_ids', 'in', company_id)]",
        check_company=True,
    )
    responsible_secondary_ids = fields.Many2many(
        "res.users",
        "aftersales_complaint_secondary_rel",
        "complaint_id",
        "user_id",
        string="Secondary Responsible",
        copy=False,
        domain="[('share', '=', False), ('company_ids', 'in', company_id)]",
        check_company=True,
    )
    date_investigated = fields.Datetime("Investigated on", copy=False)
    investigated_by_id = fields.Many2one("res.users", "Investigated by", copy=False)

    # ------------------------------------------------------------
    # CONSTRAINTS
    # ------------------------------------------------------------

    @api.constrains("concerned_ids", "owner_id", "handler_id", "responsible_main_id", "responsible_secondary_ids")
    def _check_not_about_oneself(self):
        for complaint in self:
            about = complaint._get_persons_concerned()
            both = about & (complaint.owner_id | complaint.handler_id)
            if both and complaint.state not in TERMINAL:
                raise ValidationError(
                    self.env._(
                        "%(number)s: %(names)s cannot own or handle a complaint about themselves. Hand it over first.",
                        number=complaint.name,
                        names=", ".join(both.mapped("name")),
                    )
                )

    # ------------------------------------------------------------
    # ORM
    # ------------------------------------------------------------

    def write(self, vals):
        result = super().write(vals)
        if not CONCERNED.isdisjoint(vals):
            self._without_proof()._unsubscribe_concerned()
        return result

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_investigate(self):
        """Settle the investigation: facts, both sides, causes, responsible persons."""
        self._check_step("investigate")
        now = fields.Datetime.now()
        for complaint in self:
            complaint._do_step("investigate", {"date_investigated": now, "investigated_by_id": self.env.uid})
            self.env["aftersales.appeal"]._offer(complaint)

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    def _get_persons_concerned(self):
        """Return the staff whom the complaint is about."""
        return self.concerned_ids | self.responsible_main_id | self.responsible_secondary_ids

    def _unsubscribe_concerned(self):
        """Followers get copies of what is written: who is concerned follows no more."""
        for complaint in self:
            partners = complaint._get_persons_concerned().sudo().partner_id
            complaint.sudo().message_unsubscribe(partners.ids)

    def _message_subscribe(self, partner_ids=None, subtype_ids=None, customer_ids=None):
        """Followers get what is written inside the store: only its staff may follow, and never who is concerned."""
        users_sudo = (
            self.env["res.users"].sudo().search([("partner_id", "in", partner_ids or []), ("share", "=", False)])
        )
        for complaint in self:
            about = complaint.sudo()._get_persons_concerned()
            staff = (users_sudo - about).filtered(
                lambda user, case=complaint: case.sudo().company_id in user.company_ids
            )
            super(AftersalesComplaintInvestigationMixin, complaint)._message_subscribe(
                partner_ids=staff.partner_id.ids, subtype_ids=subtype_ids, customer_ids=customer_ids
            )
        return True

    def _get_finding(self):
        """Return what the investigation found, as the persons concerned read it."""
        self.ensure_one()
        return self.env._(
            "Cause: %(cause)s. Department: %(department)s. Main responsible: %(name)s.",
            cause=self.cause_id.complete_name,
            department=self.department,
            name=self.responsible_main_id.name,
        )

    def _tell(self, users, words):
        """Notify staff, each in their own language; never the persons concerned.

        :param words: function of the case in the reader's language, that returns (subject, body)
        """
        for complaint in self:
            complaint._aftersales_tell(users - complaint._get_persons_concerned(), words)
