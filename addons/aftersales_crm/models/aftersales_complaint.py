from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

from ..tools.complaint_steps import TERMINAL, is_higher

STEPS = [
    ("received", "Received"),
    ("confirmed", "Confirmed with Customer"),
    ("classified", "Classified"),
    ("investigated", "Investigated"),
    ("solution", "Solution"),
    ("carried_out", "Carried Out"),
    ("second_callback", "Second Callback"),
    ("closed", "Closed"),
    ("rejected", "Rejected"),
    ("withdrawn", "Withdrawn"),
    ("merged", "Merged"),
]
# Who is in one of these is kept out of the case
CONCERNED = frozenset({"concerned_ids", "responsible_main_id", "responsible_secondary_ids"})
# What stays writable on a case that has ended
FREE_WHEN_ENDED = frozenset(
    {"message_follower_ids", "message_ids", "message_main_attachment_id", "activity_ids", "action_ids"}
)


class AftersalesComplaint(models.Model):
    """Complaint or grievance of a customer, from its number to its archive.

    ===============  ============================  ==========================================================
    Step             Who                           Only when
    ===============  ============================  ==========================================================
    confirm          owner, handler, SM, GM
    classify         SM, GM                        kind given; below the proposal only with a reason; the
                                                   safety and the external lane stay urgent
    investigate      owner, handler, SM, GM        facts, both sides, cause, department, main responsible;
                                                   a recurrence demands a root cause of its own
    propose          owner, handler, SM, GM        solution given; goodwill above the limit asks the GM
    revise           owner, handler, SM, GM
    carry_out        owner, handler, SM, GM        goodwill above the limit is approved
    second_callback  CRC, SM, GM                   another person than the handler; not the advisor nor a
                                                   technician of the order
    rework           owner, handler, SM, GM        the customer is not satisfied
    close            general: SM, GM; above: GM    satisfied, or the reason and recourse told; important and
                                                   urgent: root cause, action or the reason for none; lanes
    reject           as close                      reason and recourse told; lanes
    withdraw         general: owner, handler, SM,  reason; lanes
                     GM; above: GM
    merge            SM, GM                        into an open case of the same customer or car
    reopen           CRC, SM, GM                   reason
    ===============  ============================  ==========================================================

    SM service manager, GM general manager, CRC customer relations consultant. Whoever is concerned by the complaint
    may do nothing at all, whatever the role; they appeal through ``aftersales.appeal``.
    """

    _name = "aftersales.complaint"
    _description = "Complaint"
    _inherit = [
        "aftersales.complaint.guard.mixin",
        "aftersales.complaint.step.mixin",
        "aftersales.complaint.level.mixin",
        "aftersales.complaint.lane.mixin",
        "aftersales.complaint.custody.mixin",
        "aftersales.complaint.recurrence.mixin",
        "aftersales.complaint.solution.mixin",
        "aftersales.complaint.reply.mixin",
        "aftersales.approval.mixin",
        "aftersales.clock.mixin",
        "mail.thread",
        "mail.activity.mixin",
    ]
    _order = "date_received desc, id desc"
    _check_company_auto = True
    _mail_post_access = "read"

    _protected_fields = frozenset(
        {
            "name",
            "nature",
            "state",
            "date_received",
            "date_confirmed",
            "date_gm_seen",
            "date_investigated",
            "date_carried_out",
            "date_second_callback",
            "date_closed",
            "closed_by_id",
            "investigated_by_id",
            "merged_into_id",
        }
    )

    # Description
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
    kind_id = fields.Many2one(
        "aftersales.complaint.kind",
        compute="_compute_kind_id",
        store=True,
        readonly=False,
        precompute=True,
        index=True,
        ondelete="restrict",
        check_company=True,
        tracking=3,
    )
    problem_category_id = fields.Many2one("aftersales.problem.category", index=True, ondelete="restrict")
    description = fields.Text("Customer's Words", required=True)
    remedy_sought = fields.Text()
    company_id = fields.Many2one("res.company", required=True, index=True, default=lambda self: self.env.company)
    currency_id = fields.Many2one(related="company_id.currency_id")

    # Customer and car
    partner_id = fields.Many2one(
        "res.partner",
        "Complainant",
        compute="_compute_partner_id",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
        tracking=True,
    )
    vehicle_id = fields.Many2one(
        "aftersales.vehicle",
        compute="_compute_vehicle_id",
        store=True,
        readonly=False,
        precompute=True,
        index=True,
        ondelete="restrict",
        check_company=True,
        tracking=True,
    )
    repair_order_id = fields.Many2one("aftersales.repair.order", index=True, ondelete="restrict", check_company=True)
    callback_id = fields.Many2one(
        "aftersales.callback", index="btree_not_null", ondelete="restrict", check_company=True, copy=False
    )

    # People
    concerned_ids = fields.Many2many(
        "res.users",
        "aftersales_complaint_concerned_rel",
        "complaint_id",
        "user_id",
        string="Persons Concerned",
        help="The staff whom the complaint is about. They cannot open it nor handle it; they may appeal.",
    )
    handover_ids = fields.One2many("aftersales.handover", "complaint_id", "Hand-overs")

    # Steps
    state = fields.Selection(
        STEPS,
        "Step",
        default="received",
        required=True,
        copy=False,
        tracking=1,
        index=True,
        group_expand=True,
    )
    date_event = fields.Datetime("Happened on", default=fields.Datetime.now)
    date_received = fields.Datetime(
        "Received on", default=fields.Datetime.now, required=True, copy=False, index=True, readonly=True
    )
    date_confirmed = fields.Datetime("Confirmed on", copy=False)
    date_gm_seen = fields.Datetime("Seen by the General Manager", copy=False)
    date_investigated = fields.Datetime("Investigated on", copy=False)
    investigated_by_id = fields.Many2one("res.users", "Investigated by", copy=False)
    date_carried_out = fields.Datetime("Carried out on", copy=False)
    date_second_callback = fields.Datetime("Second Callback on", copy=False)
    date_closed = fields.Datetime("Closed on", copy=False, index=True, tracking=True)
    closed_by_id = fields.Many2one("res.users", "Closed by", copy=False)

    # Investigation
    facts = fields.Text(copy=False)
    statement_customer = fields.Text("The Customer's Side", copy=False)
    statement_staff = fields.Text("Our Staff's Side", copy=False)
    cause_id = fields.Many2one(
        "aftersales.cause", index="btree_not_null", ondelete="restrict", check_company=True, copy=False
    )
    root_cause = fields.Text(copy=False)
    department = fields.Char(copy=False)
    responsible_main_id = fields.Many2one("res.users", "Main Responsible", copy=False)
    responsible_secondary_ids = fields.Many2many(
        "res.users",
        "aftersales_complaint_secondary_rel",
        "complaint_id",
        "user_id",
        string="Secondary Responsible",
        copy=False,
    )

    # Duplicates
    merged_into_id = fields.Many2one(
        "aftersales.complaint", "Merged into", copy=False, index="btree_not_null", ondelete="restrict"
    )
    merged_ids = fields.One2many("aftersales.complaint", "merged_into_id", "Merged Duplicates")

    # Recurrence and actions
    recurrence_ids = fields.One2many("aftersales.complaint", "recurrence_of_id", "Recurrences")
    action_ids = fields.Many2many(
        "aftersales.corrective.action",
        "aftersales_action_complaint_rel",
        "complaint_id",
        "action_id",
        string="Corrective Actions",
        copy=False,
    )
    no_action_reason = fields.Text("Why no Corrective Action", copy=False)
    appeal_ids = fields.One2many("aftersales.appeal", "complaint_id", "Appeals")
    action_count = fields.Integer("Corrective Action Count", compute="_compute_action_count")

    # Screen
    is_mine = fields.Boolean("Mine", compute="_compute_is_mine", search="_search_is_mine")

    _number_uniq = models.UniqueIndex(
        "(company_id, name) WHERE name <> '/'", "Another complaint has this number already."
    )
    _callback_uniq = models.UniqueIndex(
        "(callback_id) WHERE callback_id IS NOT NULL AND source = 'callback'",
        "This callback has raised a complaint already.",
    )
    _company_state_idx = models.Index("(company_id, state)")

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

    @api.constrains("date_event", "date_received")
    def _check_date_event(self):
        for complaint in self:
            # An hour of grace: clocks of telephones and servers differ.
            if complaint.date_event and complaint.date_event > complaint.date_received + timedelta(hours=1):
                raise ValidationError(
                    self.env._("%s: the event cannot lie after the complaint was received.", complaint.name)
                )

    # ------------------------------------------------------------
    # COMPUTES
    # ------------------------------------------------------------

    @api.depends("problem_category_id")
    def _compute_kind_id(self):
        for complaint in self:
            complaint.kind_id = complaint.kind_id or complaint.problem_category_id.complaint_kind_id

    @api.depends("repair_order_id")
    def _compute_vehicle_id(self):
        for complaint in self:
            complaint.vehicle_id = complaint.repair_order_id.vehicle_id or complaint.vehicle_id

    @api.depends("repair_order_id", "vehicle_id")
    def _compute_partner_id(self):
        for complaint in self:
            order, vehicle = complaint.repair_order_id, complaint.vehicle_id
            complaint.partner_id = complaint.partner_id or order.partner_id or vehicle.partner_id

    @api.depends("action_ids")
    def _compute_action_count(self):
        for complaint in self:
            complaint.action_count = len(complaint.action_ids)

    @api.depends_context("uid")
    @api.depends("owner_id", "handler_id", "handover_to_id")
    def _compute_is_mine(self):
        for complaint in self:
            mine = complaint.owner_id | complaint.handler_id | complaint.handover_to_id
            complaint.is_mine = self.env.user in mine

    def _search_is_mine(self, operator, value):
        if operator != "in":
            return NotImplemented
        uid = self.env.uid
        return Domain.OR([[("owner_id", "=", uid)], [("handler_id", "=", uid)], [("handover_to_id", "=", uid)]])

    # ------------------------------------------------------------
    # ORM
    # ------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        complaints = super().create(vals_list)._without_proof()
        complaints._do_receive()
        return complaints

    def write(self, vals):
        self._check_write_allowed(vals)
        if vals.get("date_promised_update"):
            # A new promise is reminded of anew.
            self.filtered("promise_reminded")._write_protected({"promise_reminded": False})
        proposed = {complaint.id: complaint.level_proposed for complaint in self}
        result = super().write(vals)
        self = self._without_proof()
        if not CONCERNED.isdisjoint(vals):
            self._unsubscribe_concerned()
        if not {"kind_id", "description", "source", "is_safety", "is_external", "repair_order_id"}.isdisjoint(vals):
            self._apply_lanes()
        for complaint in self:
            before = proposed[complaint.id]
            if before and is_higher(complaint.level_proposed, before):
                complaint._do_raise_level()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_numbered(self):
        raise UserError(
            self.env._("A complaint is never deleted. Reject it, let the customer withdraw it, or merge it.")
        )

    def _check_write_allowed(self, vals):
        """Guard of what a step has settled; it holds for forms, imports and JSON-2 alike."""
        if self._has_proof():
            return
        for complaint in self:
            for reason in complaint._write_reasons(vals):
                raise UserError(reason)

    def _write_reasons(self, vals):
        """Return the sentences that speak against writing these values now."""
        self.ensure_one()
        reasons = []
        if self.state in TERMINAL and set(vals) - FREE_WHEN_ENDED:
            reasons.append(self.env._("%s has ended and cannot be changed. Reopen it with a reason.", self.name))
        reasons += self._solution_write_reasons(vals) + self._lane_write_reasons(vals)
        if "callback_id" in vals and self.source == "callback" and self.callback_id.id != vals["callback_id"]:
            reasons.append(self.env._("%s: the callback that raised a complaint stays with it.", self.name))
        return reasons

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
        for complaint in self.filtered(lambda c: c.nature == "grievance"):
            complaint._check_open()
            complaint._write_protected({"nature": "complaint"})

    def action_open_step(self):
        """Open the dialog of the step that the button names."""
        self.ensure_one()
        step = self.env.context.get("step")
        return {
            "type": "ir.actions.act_window",
            "name": self._get_step_labels().get(step, self.env._("Step")),
            "res_model": "aftersales.complaint.step",
            "view_mode": "form",
            "target": "new",
            "context": {"default_complaint_id": self.id, "default_step": step},
        }

    def action_create_corrective_action(self):
        """Open a new corrective action that is born from this complaint."""
        self.ensure_one()
        return self.env["aftersales.corrective.action"]._open_new(
            complaint_ids=[fields.Command.link(self.id)],
            name=self.env._("Action after %s", self.name),
            problem=self.description,
            problem_category_id=self.problem_category_id.id,
            cause_id=self.cause_id.id,
            root_cause=self.root_cause,
            company_id=self.company_id.id,
        )

    def action_open_corrective_actions(self):
        self.ensure_one()
        return self.action_ids._get_records_action(name=self.env._("Corrective Actions"))

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

    def _do_receive(self):
        """Give number, owner, level and clocks to new cases."""
        self._apply_lanes()
        self._unsubscribe_concerned()
        for complaint in self:
            values = {}
            if complaint.name == "/":
                values["name"] = self.env["ir.sequence"].next_by_code("aftersales.complaint") or "/"
            recurrence = complaint._find_recurrence()
            if recurrence:
                values["recurrence_of_id"] = recurrence.id
            if values:
                complaint._write_protected(values)
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
            if complaint.source in ("email", "web") and complaint.partner_id.email:
                complaint.action_acknowledge()
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
                self.env._(
                    "%(nature)s %(number)s from a callback",
                    nature=complaint._selection_label("nature"),
                    number=complaint.name,
                ),
                complaint.description,
            )

    def _get_finding(self):
        """Return what the investigation found, as the persons concerned read it."""
        self.ensure_one()
        return self.env._(
            "Cause: %(cause)s. Department: %(department)s. Main responsible: %(name)s.",
            cause=self.cause_id.complete_name,
            department=self.department,
            name=self.responsible_main_id.name,
        )

    def _tell(self, users, subject, body):
        """Notify staff; never the persons concerned."""
        for complaint in self:
            partners = (users - complaint._get_persons_concerned()).sudo().partner_id
            if partners:
                complaint.message_notify(partner_ids=partners.ids, subject=subject, body=body)

    # ------------------------------------------------------------
    # APPROVAL AND CLOCKS
    # ------------------------------------------------------------

    def _clock_recipients(self, role):
        if role == "owner":
            return (self.owner_id | self.handler_id) - self._get_persons_concerned()
        return super()._clock_recipients(role)

    def _clock_group_users(self, group):
        # The ladder tells nobody of the case that is about them.
        return super()._clock_group_users(group) - self._get_persons_concerned()

    def _get_role_users(self, role):
        self.ensure_one()
        return self._clock_group_users(self.env.ref(f"aftersales_crm.group_aftersales_{role}"))

    # ------------------------------------------------------------
    # CRON
    # ------------------------------------------------------------
