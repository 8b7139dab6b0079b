from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..tools.complaint_steps import TERMINAL, is_higher


class AftersalesComplaintIntakeMixin(models.AbstractModel):
    """How a complaint comes in: from any channel it gets its number, owner, level and clocks at once."""

    _name = "aftersales.complaint.intake.mixin"
    _description = "Complaint: Intake"
    _inherit = ["aftersales.protected.mixin"]

    _protected_fields = frozenset({"name", "nature", "date_received", "date_gm_seen"})

    name = fields.Char("Number", required=True, copy=False, readonly=True, default="/", index="trigram")
    nature = fields.Selection(
        [("grievance", "Grievance"), ("complaint", "Complaint")],
        default="complaint",
        required=True,
        tracking=2,
        index=True,
        help="A grievance is displeasure; it becomes a complaint when the customer demands a result.",
    )
    source = fields.Selection(
        [
            ("callback", "Callback"),
            ("phone", "Phone"),
            ("counter", "Counter"),
            ("email", "E-mail"),
            ("web", "Web"),
            ("platform", "Third-party Platform"),
            ("maker", "Maker's Hotline"),
            ("hotline_12315", "Consumer Hotline 12315"),
            ("media", "Media"),
        ],
        "Channel",
        default="phone",
        required=True,
    )
    description = fields.Text("Customer's Words", required=True)
    remedy_sought = fields.Text()
    date_event = fields.Datetime("Happened on", default=fields.Datetime.now)
    date_received = fields.Datetime(
        "Received on", default=fields.Datetime.now, required=True, copy=False, index=True, readonly=True
    )
    date_gm_seen = fields.Datetime("Seen by the General Manager", copy=False)

    # ------------------------------------------------------------
    # CONSTRAINTS
    # ------------------------------------------------------------

    @api.constrains("date_event", "date_received")
    def _check_date_event(self):
        for complaint in self:
            # An hour of grace: clocks of telephones and servers differ.
            if complaint.date_event and complaint.date_event > complaint.date_received + timedelta(hours=1):
                raise ValidationError(
                    self.env._("%s: the event cannot lie after the complaint was received.", complaint.name)
                )

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_gm_seen(self):
        """The general manager has taken note of the case."""
        self._check_people()
        self._check_group("aftersales_crm.group_aftersales_gm")
        for complaint in self.filtered(lambda c: not c.date_gm_seen):
            complaint._write_protected({"date_gm_seen": fields.Datetime.now()})
            complaint._clock_stop("gm_notice")
            complaint.message_post(body=self.env._("Seen by the general manager."))

    def action_promote(self):
        """The customer demands a result: a grievance becomes a complaint."""
        self._check_people()
        self._check_contact()
        for complaint in self.filtered(lambda c: c.nature == "grievance"):
            complaint._check_open()
            complaint._write_protected({"nature": "complaint"})

    # ------------------------------------------------------------
    # CHECKS
    # ------------------------------------------------------------

    def _intake_write_reasons(self, vals):
        """Return why the values may not be written: a case stays in the store that took it in."""
        self.ensure_one()
        reasons = []
        if "company_id" in vals and self.company_id.id != vals["company_id"]:
            reasons.append(self.env._("%s: a case stays in the store that took it in.", self.name))
        if "callback_id" in vals and self.source == "callback" and self.callback_id.id != vals["callback_id"]:
            reasons.append(self.env._("%s: the callback that raised a complaint stays with it.", self.name))
        return reasons

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    def _do_receive(self):
        """Give number, owner, level and clocks to new cases."""
        self._apply_lanes()
        self._unsubscribe_concerned()
        for complaint in self:
            if complaint.name == "/":
                number = self.env["ir.sequence"].next_by_code("aftersales.complaint") or "/"
                complaint._write_protected({"name": number})
            complaint._apply_recurrence()
            if complaint.env.user in complaint._get_persons_concerned() and complaint.owner_id == complaint.env.user:
                raise UserError(
                    self.env._("You cannot take in a complaint about yourself. Ask a colleague to take it in.")
                )
            if is_higher(complaint.level_proposed, complaint.level):
                complaint._write_protected({"level": complaint.level_proposed})
            if complaint.state in TERMINAL:
                continue
            complaint._start_custody(complaint.date_received)
            complaint._start_clocks()
            if complaint.is_safety or complaint.is_external:
                complaint._tell_lane()
            # A mail that may not be sent is no acknowledgement: then a person tells the number
            if complaint.source in ("email", "web") and complaint._may_acknowledge_by_mail():
                complaint._do_acknowledge()
        self._update_activities()

    def _start_clocks(self):
        self.ensure_one()
        codes = ["classify", "first_reply", "handle", "solve"]
        if self.callback_id and self.source == "callback":
            codes += ["gm_notice", "customer_reply"]
        for code in codes:
            self._clock_start(code, at=self.date_received, level=self.level)

    def _tell_callback_case(self):
        """A grievance or complaint from a callback reaches the general manager, copied to the service manager."""
        for complaint in self:
            users = complaint._get_role_users("gm") | complaint._get_role_users("manager")
            complaint._tell(
                users,
                lambda c: (
                    c.env._(
                        "%(nature)s %(number)s from a callback", nature=c._selection_label("nature"), number=c.name
                    ),
                    c.description,
                ),
            )
