from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain

from ..tools.complaint_steps import TERMINAL
from ..tools.masking import mask_email

ROLES = ("advisor", "crc", "manager", "gm")
SOON_HOURS = 4


class AftersalesComplaintScreenMixin(models.AbstractModel):
    """What the lists and boards ask of a complaint: whose it is, what waits for me, what the morning begins with.

    Each question is one search domain; the value on a record is whether the domain finds it.
    """

    _name = "aftersales.complaint.screen.mixin"
    _description = "Complaint: Lists and Boards"

    is_mine = fields.Boolean("Mine", compute="_compute_is_mine", search="_search_is_mine")
    is_my_team = fields.Boolean("My Team's", compute="_compute_is_my_team", search="_search_is_my_team")
    is_my_decision = fields.Boolean(
        "Waits for My Decision", compute="_compute_is_my_decision", search="_search_is_my_decision"
    )
    is_morning = fields.Boolean("Morning List", compute="_compute_morning", search="_search_is_morning")
    morning_why = fields.Char("Why It Is Here", compute="_compute_morning")
    clock_light = fields.Selection(
        [("green", "In Time"), ("amber", "Soon Due"), ("red", "Late"), ("paused", "Waiting"), ("none", "No Clock")],
        "Clock",
        compute="_compute_clock_light",
    )
    partner_email_masked = fields.Char("E-mail", compute="_compute_partner_email_masked", compute_sudo=True)

    # ------------------------------------------------------------
    # COMPUTES
    # ------------------------------------------------------------

    @api.depends("next_deadline", "waiting_for", "state")
    def _compute_clock_light(self):
        now = fields.Datetime.now()
        for complaint in self:
            late = complaint.next_deadline and complaint.next_deadline <= now
            if complaint.state in TERMINAL:
                complaint.clock_light = "none"
            elif complaint.waiting_for and not late:
                complaint.clock_light = "paused"
            elif not complaint.next_deadline:
                complaint.clock_light = "none"
            elif late:
                complaint.clock_light = "red"
            else:
                soon = complaint.next_deadline <= now + timedelta(hours=SOON_HOURS)
                complaint.clock_light = "amber" if soon else "green"

    @api.depends("partner_id.email")
    def _compute_partner_email_masked(self):
        for complaint in self:
            complaint.partner_email_masked = mask_email(complaint.partner_id.email)

    @api.depends_context("uid")
    @api.depends("owner_id", "handler_id", "handover_to_id")
    def _compute_is_mine(self):
        for complaint in self:
            mine = complaint.owner_id | complaint.handler_id | complaint.handover_to_id
            complaint.is_mine = self.env.user in mine

    def _search_is_mine(self, operator, value):
        return self._mine_domain() if operator == "in" else NotImplemented

    @api.depends_context("uid")
    @api.depends("owner_id", "handler_id")
    def _compute_is_my_team(self):
        team = self._get_team()
        for complaint in self:
            complaint.is_my_team = bool((complaint.owner_id | complaint.handler_id) & team)

    def _search_is_my_team(self, operator, value):
        return self._team_domain() if operator == "in" else NotImplemented

    @api.depends_context("uid")
    @api.depends("state", "level", "handover_to_id", "approval_ids.state", "date_gm_seen")
    def _compute_is_my_decision(self):
        found = self._found_by(self._decision_domain())
        for complaint in self:
            complaint.is_my_decision = complaint in found

    def _search_is_my_decision(self, operator, value):
        return self._decision_domain() if operator == "in" else NotImplemented

    @api.depends_context("uid")
    @api.depends("state", "next_deadline", "handover_to_id")
    def _compute_morning(self):
        why = {complaint.id: [] for complaint in self}
        for label, domain in self._morning_reasons():
            for complaint in self._found_by(domain):
                why[complaint.id].append(label)
        for complaint in self:
            complaint.is_morning = bool(why[complaint.id])
            complaint.morning_why = ", ".join(why[complaint.id])

    def _search_is_morning(self, operator, value):
        if operator != "in":
            return NotImplemented
        return Domain.OR(domain for _label, domain in self._morning_reasons())

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_reveal_contact(self):
        """Show the complainant's phone to who works on the case; the look is written down."""
        self.ensure_one()
        self._check_people()
        self._check_contact()
        wizard = self.env["aftersales.reveal.wizard"].create(
            {"partner_id": self.partner_id.id, "what": "phone", "purpose": "complaint"}
        )
        return wizard.action_reveal()

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    def _found_by(self, domain):
        """Return those of the records that the domain finds."""
        return self.search(Domain("id", "in", self.ids) & domain) if self.ids else self.browse()

    @api.model
    def _open_domain(self):
        return Domain("state", "not in", TERMINAL)

    @api.model
    def _mine_domain(self):
        uid = self.env.uid
        return Domain("owner_id", "=", uid) | Domain("handler_id", "=", uid) | Domain("handover_to_id", "=", uid)

    @api.model
    def _get_team(self):
        """Return my colleagues: staff of the stores I work in who hold no role that I do not hold.

        A service manager's team are the managers, consultants and advisors; the general manager's is everybody.
        """
        user = self.env.user
        groups = {role: self.env.ref(f"aftersales_crm.group_aftersales_{role}").sudo() for role in ROLES}
        mine = {role for role in ROLES if user.has_group(f"aftersales_crm.group_aftersales_{role}")}
        members = self.env["res.users"].sudo()
        strangers = self.env["res.users"].sudo()
        for role, group in groups.items():
            if role in mine or "gm" in mine:
                members |= group.all_user_ids
            else:
                strangers |= group.all_user_ids
        companies = self.env.companies
        team = (members - strangers).filtered(lambda member: member.company_ids & companies)
        return self.env["res.users"].browse(team.ids)

    @api.model
    def _team_domain(self):
        team = self._get_team().ids
        return Domain("owner_id", "in", team) | Domain("handler_id", "in", team)

    @api.model
    def _decision_domain(self):
        """Cases that stand still until I decide: goodwill, hand-over, classification, closing, appeal."""
        user = self.env.user
        is_gm = user.has_group("aftersales_crm.group_aftersales_gm")
        is_manager = user.has_group("aftersales_crm.group_aftersales_manager")
        domains = [Domain("can_decide", "=", True), Domain("handover_to_id", "=", user.id)]
        if is_manager or is_gm:
            domains.append(Domain("state", "=", "confirmed"))
            appeals = self.env["aftersales.appeal"].search(
                [("state", "=", "lodged"), ("user_id", "!=", user.id)], order="id"
            )
            domains.append(Domain("id", "in", appeals.complaint_id.ids) & Domain("investigated_by_id", "!=", user.id))
        if is_gm:
            domains.append(Domain("state", "=", "second_callback"))
            domains.append(self._open_domain() & Domain("source", "=", "callback") & Domain("date_gm_seen", "=", False))
        elif is_manager:
            domains.append(Domain("state", "=", "second_callback") & Domain("level", "=", "general"))
        return Domain.OR(domains)

    @api.model
    def _morning_reasons(self):
        """What the day begins with: pairs of a sentence and the domain of its cases, gravest first."""
        company = self.env.company
        now = fields.Datetime.now()
        evening = company._aftersales_day_start(company._aftersales_today() + timedelta(days=1))
        is_open = self._open_domain()
        lanes = Domain("is_safety", "=", True) | Domain("is_external", "=", True)
        return [
            (self.env._("late"), is_open & Domain("next_deadline", "<=", now)),
            (self.env._("safety, media or authority"), is_open & lanes),
            (
                self.env._("due today"),
                is_open & Domain("next_deadline", ">", now) & Domain("next_deadline", "<", evening),
            ),
            (self.env._("waits for my decision"), self._decision_domain()),
            (self.env._("hand-over unanswered"), is_open & Domain("handover_to_id", "!=", False)),
            (self.env._("new"), Domain("state", "=", "received")),
        ]
