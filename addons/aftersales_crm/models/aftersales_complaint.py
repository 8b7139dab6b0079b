from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain

LEVELS = [("general", "General"), ("important", "Important"), ("urgent", "Urgent")]
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
TERMINAL = ("closed", "rejected", "withdrawn", "merged")
OPEN = tuple(state for state, _label in STEPS if state not in TERMINAL)
RANK = {level: rank for rank, (level, _label) in enumerate(LEVELS)}

# Step: states it starts from, state it leads to
TRANSITIONS = {
    "confirm": (("received",), "confirmed"),
    "classify": (("confirmed",), "classified"),
    "investigate": (("classified",), "investigated"),
    "propose": (("investigated",), "solution"),
    "revise": (("solution",), "investigated"),
    "carry_out": (("solution",), "carried_out"),
    "second_callback": (("carried_out",), "second_callback"),
    "rework": (("second_callback",), "classified"),
    "close": (("second_callback",), "closed"),
    "reject": (("received", "confirmed", "classified", "investigated"), "rejected"),
    "withdraw": (OPEN, "withdrawn"),
    "merge": (("received", "confirmed", "classified"), "merged"),
    "reopen": (("closed", "rejected", "withdrawn"), "classified"),
}
# The natural way on from each state
NEXT_STEP = {
    "received": "confirm",
    "confirmed": "classify",
    "classified": "investigate",
    "investigated": "propose",
    "solution": "carry_out",
    "carried_out": "second_callback",
    "second_callback": "close",
}
# Who is in one of these is kept out of the case
CONCERNED = frozenset({"concerned_ids", "responsible_main_id", "responsible_secondary_ids"})
# What stays writable on a case that has ended
FREE_WHEN_ENDED = frozenset(
    {"message_follower_ids", "message_ids", "message_main_attachment_id", "activity_ids", "action_ids"}
)
# What the signature on the goodwill binds: frozen once the solution is proposed
FROZEN_SOLUTION = frozenset({"solution", "goodwill_amount"})


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
    _inherit = ["aftersales.approval.mixin", "aftersales.clock.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "date_received desc, id desc"
    _check_company_auto = True
    _mail_post_access = "read"

    _protected_fields = frozenset(
        {
            "name",
            "nature",
            "state",
            "level",
            "date_received",
            "date_acknowledged",
            "date_confirmed",
            "date_classified",
            "date_replied",
            "date_gm_seen",
            "date_investigated",
            "date_solution",
            "date_carried_out",
            "date_second_callback",
            "date_closed",
            "closed_by_id",
            "classified_by_id",
            "investigated_by_id",
            "level_change_reason",
            "lane_left_reason",
            "promise_reminded",
            "owner_id",
            "handler_id",
            "handover_to_id",
            "proposed_by_id",
            "solution_round",
            "second_satisfied",
            "second_caller_id",
            "second_note",
            "waiting_for",
            "waiting_reason",
            "reject_reason",
            "reject_recourse",
            "withdraw_reason",
            "reopen_count",
            "reopen_reason",
            "rework_count",
            "merged_into_id",
            "recurrence_of_id",
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
    level = fields.Selection(LEVELS, default="general", required=True, tracking=4, copy=False, index=True)
    level_proposed = fields.Selection(
        LEVELS,
        "Proposed Level",
        compute="_compute_level_proposed",
        store=True,
        help="Proposed by rule from kind, channel, safety and earlier complaints; a person confirms it.",
    )
    level_reason = fields.Char("Why this Level", compute="_compute_level_proposed", store=True)
    level_change_reason = fields.Char("Why another Level", copy=False)
    is_safety = fields.Boolean("Safety Lane", copy=False, tracking=True)
    is_external = fields.Boolean(
        "Media or Authority",
        copy=False,
        tracking=True,
        help="Media, consumer hotline or another authority is involved.",
    )
    lane_left_reason = fields.Char("Why the Lane was Left", copy=False)
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
    owner_id = fields.Many2one(
        "res.users",
        "Case Owner",
        default=lambda self: self.env.user,
        required=True,
        index=True,
        copy=False,
        tracking=5,
        help="First-contact responsibility: whoever takes the complaint owns it until somebody accepts it.",
    )
    handler_id = fields.Many2one("res.users", index=True, copy=False, tracking=6)
    handover_to_id = fields.Many2one("res.users", "Handed Over to", copy=False, index="btree_not_null")
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
    date_acknowledged = fields.Datetime("Acknowledged on", copy=False)
    date_confirmed = fields.Datetime("Confirmed on", copy=False)
    date_classified = fields.Datetime("Classified on", copy=False)
    classified_by_id = fields.Many2one("res.users", "Classified by", copy=False)
    date_replied = fields.Datetime("First Reply on", copy=False)
    date_gm_seen = fields.Datetime("Seen by the General Manager", copy=False)
    date_investigated = fields.Datetime("Investigated on", copy=False)
    investigated_by_id = fields.Many2one("res.users", "Investigated by", copy=False)
    date_solution = fields.Datetime("Solution on", copy=False)
    date_carried_out = fields.Datetime("Carried out on", copy=False)
    date_second_callback = fields.Datetime("Second Callback on", copy=False)
    date_closed = fields.Datetime("Closed on", copy=False, index=True, tracking=True)
    closed_by_id = fields.Many2one("res.users", "Closed by", copy=False)
    date_promised_update = fields.Datetime(
        "Next Update Promised", copy=False, help="When the customer was promised to hear from us again."
    )
    promise_reminded = fields.Boolean("Reminded of the Promise", copy=False)
    waiting_for = fields.Selection([("customer", "Customer"), ("parts", "Parts")], "Waiting for", copy=False)
    waiting_reason = fields.Char("Why Waiting", copy=False)

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

    # Solution
    solution = fields.Text(copy=False)
    cost_labour = fields.Monetary("Labour Cost", copy=False)
    cost_parts = fields.Monetary("Parts Cost", copy=False)
    goodwill_amount = fields.Monetary("Goodwill", copy=False)
    cost_total = fields.Monetary("Total Cost", compute="_compute_cost_total", store=True)
    handling_hours = fields.Float(copy=False)
    proposed_by_id = fields.Many2one("res.users", "Solution Proposed by", copy=False)

    solution_round = fields.Integer(copy=False, help="Bound by the signature: a solution taken back is signed anew.")

    # Second callback
    second_satisfied = fields.Selection([("yes", "Yes"), ("no", "No")], "Satisfied now", copy=False, tracking=True)
    second_caller_id = fields.Many2one("res.users", "Second Callback by", copy=False)
    second_note = fields.Text("Second Callback Note", copy=False)
    unsatisfied_reason = fields.Text(
        "Closed without Satisfaction", copy=False, help="Why it ends here, and which recourse the customer was told."
    )

    # Safety and external lane
    stop_driving = fields.Selection(
        [("advised", "Advised to Stop Driving"), ("not_needed", "Not Needed")], "Stop-driving Advice", copy=False
    )
    maker_report = fields.Selection(
        [("reported", "Reported"), ("not_needed", "Not Needed")], "Report to the Maker", copy=False
    )
    maker_report_reference = fields.Char("Maker's Reference", copy=False)
    safety_statement = fields.Text(copy=False)
    external_reference = fields.Char("Authority's Reference", copy=False)
    external_answer = fields.Text("Answer to Media or Authority", copy=False)

    # Ends
    reject_reason = fields.Text("Reason of Rejection", copy=False)
    reject_recourse = fields.Text("Recourse Told", copy=False)
    withdraw_reason = fields.Text("Reason of Withdrawal", copy=False)
    merged_into_id = fields.Many2one(
        "aftersales.complaint", "Merged into", copy=False, index="btree_not_null", ondelete="restrict"
    )
    merged_ids = fields.One2many("aftersales.complaint", "merged_into_id", "Merged Duplicates")
    reopen_count = fields.Integer("Reopened", copy=False)
    reopen_reason = fields.Text("Reason of Reopening", copy=False)
    rework_count = fields.Integer("Back to Investigation", copy=False)

    # Recurrence and actions
    recurrence_of_id = fields.Many2one(
        "aftersales.complaint", "Recurrence of", copy=False, index="btree_not_null", ondelete="restrict"
    )
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
    same_cause_count = fields.Integer("Same Cause on Other Cars", compute="_compute_same_cause_count")

    # Screen
    next_step = fields.Char(compute="_compute_next_step")
    next_who = fields.Char("Who Has It", compute="_compute_next_step")
    next_missing = fields.Text("Still Needed", compute="_compute_next_missing")
    clock_light = fields.Selection(
        [("green", "In Time"), ("amber", "Soon Due"), ("red", "Late"), ("paused", "Waiting"), ("none", "No Clock")],
        "Clock",
        compute="_compute_clock_light",
    )
    is_mine = fields.Boolean("Mine", compute="_compute_is_mine", search="_search_is_mine")
    needs_goodwill_approval = fields.Boolean("Needs the General Manager", compute="_compute_needs_goodwill_approval")
    goodwill_limit = fields.Monetary("My Goodwill Limit", compute="_compute_goodwill_limit")

    _number_uniq = models.UniqueIndex(
        "(company_id, name) WHERE name <> '/'", "Another complaint has this number already."
    )
    _callback_uniq = models.UniqueIndex(
        "(callback_id) WHERE callback_id IS NOT NULL AND source = 'callback'",
        "This callback has raised a complaint already.",
    )
    _amounts_positive = models.Constraint(
        "CHECK(COALESCE(goodwill_amount, 0) >= 0 AND COALESCE(cost_labour, 0) >= 0 AND COALESCE(cost_parts, 0) >= 0"
        " AND COALESCE(handling_hours, 0) >= 0)",
        "Costs, goodwill and handling hours cannot be negative.",
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

    @api.depends("cost_labour", "cost_parts", "goodwill_amount")
    def _compute_cost_total(self):
        for complaint in self:
            complaint.cost_total = complaint.cost_labour + complaint.cost_parts + complaint.goodwill_amount

    @api.depends(
        "kind_id", "is_safety", "is_external", "nature", "recurrence_of_id", "vehicle_id", "partner_id", "source"
    )
    def _compute_level_proposed(self):
        counts = self._count_earlier_complaints()
        for complaint in self:
            level = complaint.kind_id.default_level or "general"
            reasons = [self.env._("kind")] if level != "general" else []
            if complaint.is_safety:
                level = "urgent"
                reasons.append(self.env._("safety lane"))
            if complaint.is_external:
                level = "urgent"
                reasons.append(self.env._("media or authority"))
            if complaint.source in ("maker", "platform"):
                level = max(level, "important", key=RANK.get)
                reasons.append(self.env._("channel outside the store"))
            number = counts.get(complaint._origin.id or complaint.id, 0) + 1
            if complaint.nature == "complaint" and number >= (complaint.company_id.aftersales_raise_count or 3):
                level = complaint._raise_one(level)
                reasons.append(self.env._("complaint no. %s of this car or customer", number))
            if complaint.recurrence_of_id:
                level = complaint._raise_one(level)
                reasons.append(self.env._("recurrence of %s", complaint.recurrence_of_id.name))
            complaint.level_proposed = level
            complaint.level_reason = ", ".join(reasons)

    @api.depends("action_ids")
    def _compute_action_count(self):
        for complaint in self:
            complaint.action_count = len(complaint.action_ids)

    @api.depends("cause_id", "vehicle_id")
    def _compute_same_cause_count(self):
        since = fields.Datetime.now() - timedelta(days=365)
        groups = self._read_group(
            [("cause_id", "in", self.cause_id.ids), ("date_received", ">=", since)],
            ["cause_id", "vehicle_id"],
            ["__count"],
        )
        for complaint in self:
            complaint.same_cause_count = sum(
                count
                for cause, vehicle, count in groups
                if cause == complaint.cause_id and vehicle != complaint.vehicle_id
            )

    @api.depends("state", "owner_id", "handler_id", "level", "waiting_for", "approval_ids.state", "handover_to_id")
    def _compute_next_step(self):
        labels = self._get_step_labels()
        for complaint in self:
            step = NEXT_STEP.get(complaint.state)
            complaint.next_step = labels.get(step, False)
            owner = complaint.owner_id.name
            handler = complaint.handler_id.name or owner
            decider = self.env._("Service manager") if complaint.level == "general" else self.env._("General manager")
            who = {
                "received": owner,
                "confirmed": self.env._("Service manager"),
                "classified": handler,
                "investigated": handler,
                "solution": handler,
                "carried_out": self.env._("Consultant, not %s", handler),
                "second_callback": decider,
            }.get(complaint.state, False)
            if complaint.state == "solution" and complaint._approval_pending("goodwill"):
                complaint.next_step = self.env._("Decide on the goodwill")
                who = self.env._("General manager")
            if complaint.state == "second_callback" and complaint.second_satisfied == "no":
                complaint.next_step = self.env._("Investigate again, or close without satisfaction")
            if complaint.waiting_for:
                waiting = dict(self._fields["waiting_for"]._description_selection(self.env))
                complaint.next_step = self.env._("Waiting for: %s", waiting[complaint.waiting_for])
            complaint.next_who = who

    @api.depends(
        "state",
        "kind_id",
        "facts",
        "statement_customer",
        "statement_staff",
        "cause_id",
        "department",
        "root_cause",
        "responsible_main_id",
        "solution",
        "second_satisfied",
        "action_ids",
        "no_action_reason",
        "safety_statement",
        "stop_driving",
        "maker_report",
        "external_answer",
        "unsatisfied_reason",
        "is_safety",
        "is_external",
        "level",
    )
    def _compute_next_missing(self):
        for complaint in self:
            step = NEXT_STEP.get(complaint.state)
            complaint.next_missing = "\n".join(complaint._content_reasons(step)) if step else False

    @api.depends("next_deadline", "waiting_for", "state")
    def _compute_clock_light(self):
        now = fields.Datetime.now()
        for complaint in self:
            if complaint.waiting_for:
                complaint.clock_light = "paused"
            elif not complaint.next_deadline or complaint.state in TERMINAL:
                complaint.clock_light = "none"
            elif complaint.next_deadline <= now:
                complaint.clock_light = "red"
            else:
                soon = complaint.next_deadline <= now + timedelta(hours=4)
                complaint.clock_light = "amber" if soon else "green"

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

    @api.depends("goodwill_amount", "proposed_by_id", "company_id")
    def _compute_needs_goodwill_approval(self):
        for complaint in self:
            proposer = complaint.proposed_by_id or self.env.user
            complaint.needs_goodwill_approval = complaint._goodwill_above_limit(proposer)

    @api.depends_context("uid")
    @api.depends("company_id")
    def _compute_goodwill_limit(self):
        for complaint in self:
            complaint.goodwill_limit = complaint._get_goodwill_limit(self.env.user) or 0.0

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
            if before and RANK[complaint.level_proposed] > RANK[before]:
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
            if complaint.state in TERMINAL and set(vals) - FREE_WHEN_ENDED:
                raise UserError(
                    self.env._("%s has ended and cannot be changed. Reopen it with a reason.", complaint.name)
                )
            if complaint.state in ("solution", "carried_out", "second_callback"):
                frozen = FROZEN_SOLUTION.intersection(vals)
                if any(complaint[name] != vals[name] for name in frozen):
                    raise UserError(
                        self.env._(
                            '%s: the solution is proposed. Take it back with "Revise Solution" before changing it.',
                            complaint.name,
                        )
                    )
            for name in ("is_safety", "is_external"):
                if complaint[name] and name in vals and not vals[name]:
                    raise UserError(
                        self.env._(
                            '%s: the safety and the external lane are not left by unticking. Use "Leave Lane".',
                            complaint.name,
                        )
                    )
            if (
                "callback_id" in vals
                and complaint.source == "callback"
                and complaint.callback_id.id != vals["callback_id"]
            ):
                raise UserError(self.env._("%s: the callback that raised a complaint stays with it.", complaint.name))

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_confirm(self):
        """Confirm the words with the customer."""
        self._check_step("confirm")
        self._do_step("confirm", {"date_confirmed": fields.Datetime.now()})

    def action_classify(self, level=None, handler_id=None, reason=None):
        """Confirm the level and name the handler.

        :param str level: general, important or urgent; the present level when empty
        :param int handler_id: user; the default of the level when empty
        """
        self._check_step("classify")
        for complaint in self:
            wanted = level or max(complaint.level, complaint.level_proposed, key=RANK.get)
            complaint._check_level(wanted, reason)
            handler = self.env["res.users"].browse(handler_id) if handler_id else complaint._get_default_handler(wanted)
            complaint._check_handler(handler, wanted)
            complaint._do_change_level(wanted, reason)
            complaint._do_step(
                "classify",
                {
                    "handler_id": handler.id,
                    "date_classified": fields.Datetime.now(),
                    "classified_by_id": self.env.uid,
                },
            )
            complaint._clock_stop("classify")

    def action_change_level(self, level, reason):
        """Change the level later on, with a reason."""
        self._check_people()
        self._check_group("aftersales_crm.group_aftersales_manager", "aftersales_crm.group_aftersales_gm")
        for complaint in self:
            complaint._check_open()
            complaint._check_level(level, reason, demand_reason=True)
            complaint._do_change_level(level, reason)
            if complaint.handler_id and complaint._handler_reasons(complaint.handler_id, level):
                complaint._write_protected({"handler_id": complaint._get_default_handler(level).id})

    def action_reply(self, note, date_promised_update=None):
        """Record what the customer was told; the first reply stops its clocks."""
        self._check_people()
        self._check_worker()
        if not (note or "").strip():
            raise UserError(self.env._("Write down what the customer was told."))
        for complaint in self:
            complaint._check_open()
            complaint._clock_stop("first_reply")
            complaint._clock_stop("customer_reply")
            if not complaint.date_replied:
                complaint._write_protected({"date_replied": fields.Datetime.now()})
            if date_promised_update:
                complaint.date_promised_update = date_promised_update
            complaint.message_post(body=self.env._("Reply to the customer: %s", note))

    def action_gm_seen(self):
        """The general manager has taken note of the case."""
        self._check_people()
        self._check_group("aftersales_crm.group_aftersales_gm")
        for complaint in self.filtered(lambda c: not c.date_gm_seen):
            complaint._write_protected({"date_gm_seen": fields.Datetime.now()})
            complaint._clock_stop("gm_notice")
            complaint.message_post(body=self.env._("Seen by the general manager."))

    def action_acknowledge(self):
        """Give the customer the number: by e-mail when there is an address, else recorded as told."""
        self._check_people()
        template = self.env.ref("aftersales_crm.mail_template_complaint_acknowledge", raise_if_not_found=False)
        for complaint in self.filtered(lambda c: not c.date_acknowledged):
            complaint._check_open()
            if complaint.partner_id.email and template:
                template.send_mail(complaint.id)
                body = self.env._("Acknowledgement with the number sent to the customer by e-mail.")
            else:
                body = self.env._("The customer was told the number of the complaint.")
            complaint._write_protected({"date_acknowledged": fields.Datetime.now()})
            complaint.message_post(body=body)

    def action_promote(self):
        """The customer demands a result: a grievance becomes a complaint."""
        self._check_people()
        for complaint in self.filtered(lambda c: c.nature == "grievance"):
            complaint._check_open()
            complaint._write_protected({"nature": "complaint"})

    def action_investigate(self):
        """Settle the investigation: facts, both sides, causes, responsible persons."""
        self._check_step("investigate")
        now = fields.Datetime.now()
        for complaint in self:
            complaint._do_step("investigate", {"date_investigated": now, "investigated_by_id": self.env.uid})
            complaint._offer_appeals()

    def action_propose_solution(self):
        """Propose the solution; goodwill above the limit of the role asks the general manager."""
        self._check_step("propose")
        for complaint in self:
            complaint._do_step("propose", {"date_solution": fields.Datetime.now(), "proposed_by_id": self.env.uid})
            complaint._clock_stop("handle")
            if complaint.needs_goodwill_approval:
                complaint._approval_request("goodwill")

    def action_revise_solution(self):
        """Take the proposed solution back to change it."""
        self._check_step("revise")
        for complaint in self:
            if complaint._approval_pending("goodwill"):
                complaint._approval_cancel("goodwill", self.env._("The solution is revised."))
            complaint._do_step("revise", complaint._prepare_solution_back_values())

    def action_carry_out(self):
        """Record that the solution was carried out."""
        self._check_step("carry_out")
        for complaint in self:
            complaint._do_step("carry_out", {"date_carried_out": fields.Datetime.now()})
            complaint._clock_stop("solve")

    def action_record_second_callback(self, satisfied, note=None):
        """Record the second callback.

        :param str satisfied: yes or no
        """
        if satisfied not in ("yes", "no"):
            raise UserError(self.env._("Say whether the customer is satisfied now: yes or no."))
        self._check_step("second_callback")
        self._do_step(
            "second_callback",
            {
                "second_satisfied": satisfied,
                "second_caller_id": self.env.uid,
                "second_note": note,
                "date_second_callback": fields.Datetime.now(),
            },
        )

    def action_rework(self, reason):
        """Go back to the investigation because the customer is not satisfied."""
        self._check_reason(reason)
        self._check_step("rework")
        for complaint in self:
            complaint._do_step(
                "rework",
                {
                    **complaint._prepare_solution_back_values(),
                    "rework_count": complaint.rework_count + 1,
                },
                reason,
            )
            complaint._clock_reopen("solve", reason=reason)

    def action_close(self):
        """Close and archive the case."""
        self._check_step("close")
        self._do_end("close", {"closed_by_id": self.env.uid})

    def action_reject(self, reason, recourse):
        """Reject the complaint; the customer is told where to turn."""
        self._check_reason(reason)
        if not (recourse or "").strip():
            raise UserError(self.env._("Say which recourse the customer was told, for instance 12315 or mediation."))
        self._check_step("reject")
        self._do_end(
            "reject", {"reject_reason": reason, "reject_recourse": recourse, "closed_by_id": self.env.uid}, reason
        )

    def action_withdraw(self, reason):
        """The customer withdraws the complaint."""
        self._check_reason(reason)
        self._check_step("withdraw")
        self._do_end("withdraw", {"withdraw_reason": reason, "closed_by_id": self.env.uid}, reason)

    def action_merge(self, target_id):
        """Merge a duplicate into the case that goes on.

        :param int target_id: complaint that goes on
        """
        self._check_step("merge")
        target = self.browse(target_id).exists()
        target.check_access("write")
        for complaint in self:
            complaint._check_merge_target(target)
        for complaint in self:
            if complaint.is_safety or complaint.is_external:
                target.write({name: True for name in ("is_safety", "is_external") if complaint[name]})
            if complaint.nature == "complaint" and target.nature == "grievance":
                target._write_protected({"nature": "complaint"})
            target.concerned_ids |= complaint.concerned_ids
            complaint._do_end("merge", {"merged_into_id": target.id, "closed_by_id": self.env.uid})
            target.message_post(body=self.env._("%s was merged into this case.", complaint.name))

    def action_reopen(self, reason):
        """Reopen an ended case: counted, on its original clock."""
        self._check_reason(reason)
        self._check_step("reopen")
        for complaint in self:
            complaint._do_reopen(reason)

    def action_pause(self, waiting_for, reason):
        """Pause the handling clocks while waiting for the customer or for parts."""
        self._check_reason(reason)
        self._check_people()
        self._check_worker()
        if waiting_for not in dict(self._fields["waiting_for"].selection):
            raise UserError(self.env._("Say what the case waits for: the customer or parts."))
        for complaint in self:
            complaint._check_open()
            if complaint.waiting_for:
                raise UserError(self.env._("%s is waiting already.", complaint.name))
            complaint._clock_pause(reason, codes=["handle", "solve"])
            complaint._write_protected({"waiting_for": waiting_for, "waiting_reason": reason})
            complaint.message_post(body=self.env._("Clocks paused: %s", reason))

    def action_resume(self):
        """Let the clocks run on."""
        self._check_people()
        self._check_worker()
        for complaint in self.filtered("waiting_for"):
            complaint._do_resume()

    def action_leave_lane(self, lane, reason):
        """Leave the safety or the external lane that was entered by mistake.

        :param str lane: is_safety or is_external
        """
        self._check_reason(reason)
        self._check_people()
        self._check_group("aftersales_crm.group_aftersales_gm")
        if lane not in ("is_safety", "is_external"):
            raise UserError(self.env._("Name the lane to leave: is_safety or is_external."))
        for complaint in self:
            complaint._check_open()
            if lane == "is_safety" and complaint.kind_id.is_safety:
                raise UserError(self.env._("%s: choose another kind first, this one is safety.", complaint.name))
            if lane == "is_external" and complaint.source in ("hotline_12315", "media"):
                raise UserError(self.env._("%s came through media or an authority.", complaint.name))
            complaint._write_protected({lane: False, "lane_left_reason": reason})
            complaint.message_post(body=self.env._("Lane left: %s", reason))

    def action_propose_handover(self, user_id, reason):
        """Ask another person to take the case; the owner stays the owner until they accept."""
        self._check_reason(reason)
        self._check_people()
        self._check_worker()
        user = self.env["res.users"].browse(user_id).exists()
        for complaint in self:
            complaint._check_open()
            complaint._check_recipient(user)
            if complaint.handover_to_id:
                raise UserError(
                    self.env._(
                        "%(number)s waits for the answer of %(name)s already.",
                        number=complaint.name,
                        name=complaint.handover_to_id.name,
                    )
                )
            complaint.sudo().handover_ids.flush_recordset()
            self.env["aftersales.handover"].sudo()._create_protected(
                [
                    {
                        "complaint_id": complaint.id,
                        "from_id": complaint.owner_id.id,
                        "to_id": user.id,
                        "reason": reason,
                    }
                ]
            )
            complaint._write_protected({"handover_to_id": user.id})
            complaint._tell(user, self.env._("Hand-over of %s: please accept or refuse", complaint.name), reason)

    def action_accept_handover(self):
        """Accept the hand-over: from now on the case is mine."""
        self._check_people()
        for complaint in self:
            handover_sudo = complaint._get_open_handover()
            complaint._do_accept_handover(handover_sudo)

    def action_refuse_handover(self, reason):
        """Refuse the hand-over: it stays with its owner."""
        self._check_reason(reason)
        for complaint in self:
            complaint._get_open_handover()._do_return("refused", reason)

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
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Corrective Action"),
            "res_model": "aftersales.corrective.action",
            "view_mode": "form",
            "context": {
                "default_complaint_ids": [fields.Command.link(self.id)],
                "default_name": self.env._("Action after %s", self.name),
                "default_problem": self.description,
                "default_problem_category_id": self.problem_category_id.id,
                "default_cause_id": self.cause_id.id,
                "default_root_cause": self.root_cause,
                "default_company_id": self.company_id.id,
            },
        }

    def action_open_corrective_actions(self):
        self.ensure_one()
        return self.action_ids._get_records_action(name=self.env._("Corrective Actions"))

    def action_open_same_cause(self):
        """Open the complaints of the last year with the same cause on other cars."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Same Cause on Other Cars"),
            "res_model": "aftersales.complaint",
            "view_mode": "list,form",
            "domain": [
                ("cause_id", "=", self.cause_id.id),
                ("vehicle_id", "!=", self.vehicle_id.id),
                ("date_received", ">=", fields.Datetime.now() - timedelta(days=365)),
            ],
        }

    # ------------------------------------------------------------
    # CHECKS
    # ------------------------------------------------------------

    def _check_step(self, step):
        """Raise with every reason why the current user may not do the step on these records now."""
        self.check_access("write")
        messages = []
        for complaint in self:
            reasons = complaint._step_reasons(step)
            if reasons:
                messages.append(f"{complaint.name}: " + " ".join(reasons))
        if messages:
            raise UserError("\n".join(messages))

    def _step_reasons(self, step):
        """Return the sentences that speak against the step: state, person, content."""
        self.ensure_one()
        states, _target = TRANSITIONS[step]
        labels = self._get_step_labels()
        if self.state not in states:
            state = dict(self._fields["state"]._description_selection(self.env))[self.state]
            return [self.env._('"%(step)s" is not possible in the step "%(state)s".', step=labels[step], state=state)]
        return self._person_reasons(step) + self._content_reasons(step)

    def _person_reasons(self, step):
        self.ensure_one()
        user = self.env.user
        if user in self._get_persons_concerned():
            return [self.env._("You are concerned by this complaint and cannot handle it.")]
        is_gm = user.has_group("aftersales_crm.group_aftersales_gm")
        is_manager = user.has_group("aftersales_crm.group_aftersales_manager")
        is_crc = user.has_group("aftersales_crm.group_aftersales_crc")
        is_worker = is_gm or is_manager or user in self.owner_id | self.handler_id
        decides = is_gm or (is_manager and self.level == "general")
        if step in ("confirm", "investigate", "propose", "revise", "carry_out", "rework") and not is_worker:
            return [self.env._("Only its owner, its handler, the service manager or the general manager may do this.")]
        if step == "withdraw" and not (decides or (self.level == "general" and is_worker)):
            return [self.env._("A case of this level is ended by the general manager.")]
        if step in ("close", "reject") and not decides:
            if self.level == "general":
                return [self.env._("Only the service manager or the general manager may do this.")]
            return [self.env._("A case of this level is ended by the general manager.")]
        if step in ("classify", "merge") and not (is_manager or is_gm):
            return [self.env._("Only the service manager or the general manager may do this.")]
        if step in ("second_callback", "reopen") and not (is_crc or is_gm):
            return [self.env._("Only a consultant, the service manager or the general manager may do this.")]
        if step == "second_callback":
            if user == self.handler_id:
                return [self.env._("The second callback is made by another person than the handler.")]
            order_sudo = self.repair_order_id.sudo()
            if user in order_sudo.advisor_id | order_sudo.technician_ids:
                return [self.env._("The caller cannot be the advisor or a technician of the repair order.")]
        return []

    def _content_reasons(self, step):
        """Return what the step still lacks."""
        self.ensure_one()
        reasons = []

        def demand(value, sentence):
            if not (value.strip() if isinstance(value, str) else value):
                reasons.append(sentence)

        if step == "classify":
            demand(self.kind_id, self.env._("Choose the kind."))
        elif step == "investigate":
            demand(self.facts, self.env._("Write down the facts."))
            demand(self.statement_customer, self.env._("Hear the customer's side."))
            demand(self.statement_staff, self.env._("Hear our staff's side."))
            demand(self.cause_id, self.env._("Choose the cause."))
            demand(self.department, self.env._("Name the department."))
            demand(self.responsible_main_id, self.env._("Name the main responsible."))
            if self.recurrence_of_id:
                demand(self._has_new_root_cause(), self._get_recurrence_sentence())
        elif step == "propose":
            demand(self.solution, self.env._("Write down the solution."))
        elif step == "carry_out":
            if self._approval_pending("goodwill"):
                reasons.append(self.env._("The general manager has not decided on the goodwill yet."))
            elif self.needs_goodwill_approval and not self._approval_current("goodwill"):
                reasons.append(self.env._("The goodwill is above the limit and not approved."))
        elif step == "rework":
            if self.second_satisfied != "no":
                reasons.append(self.env._("The customer is satisfied."))
        elif step == "close":
            if self.second_satisfied != "yes":
                demand(
                    self.unsatisfied_reason,
                    self.env._("The customer is not satisfied: say why it ends here and which recourse was told."),
                )
            if self.level != "general":
                demand(self.root_cause, self.env._("An important or urgent case needs a root cause."))
                if self.cause_id.is_human_error:
                    reasons.append(self.env._("Human error alone is no root cause: choose the cause behind it."))
                actions = self.action_ids.filtered(lambda a: a.state not in ("cancelled", "draft"))
                demand(
                    actions or self.no_action_reason,
                    self.env._(
                        "An important or urgent case needs a submitted corrective action, or the reason for none."
                    ),
                )
            if self.recurrence_of_id:
                demand(self._has_new_root_cause(), self._get_recurrence_sentence())
        if step in ("close", "reject", "withdraw"):
            reasons += self._lane_reasons()
        if step in ("close", "reject", "withdraw", "merge"):
            if self.handover_to_id:
                reasons.append(self.env._("A hand-over waits for its answer."))
            if self._approval_pending("goodwill"):
                reasons.append(self.env._("The general manager has not decided on the goodwill yet."))
        return reasons

    def _lane_reasons(self):
        """Return what the safety and the external lane still lack: no path ends a case around them."""
        self.ensure_one()
        reasons = []
        if self.is_safety:
            if not self.stop_driving:
                reasons.append(self.env._("Record the stop-driving advice."))
            if not self.maker_report:
                reasons.append(self.env._("Record the report to the maker."))
        if (self.is_safety or self.is_external) and not (self.safety_statement or "").strip():
            reasons.append(self.env._("Write the safety statement."))
        if self.is_external and not (self.external_answer or "").strip():
            reasons.append(self.env._("Record the answer to media or authority."))
        return reasons

    def _check_people(self):
        self.check_access("write")
        for complaint in self:
            if self.env.user in complaint._get_persons_concerned():
                raise AccessError(
                    self.env._("%s: you are concerned by this complaint and cannot handle it.", complaint.name)
                )

    def _check_worker(self):
        groups = ("aftersales_crm.group_aftersales_manager", "aftersales_crm.group_aftersales_gm")
        if any(self.env.user.has_group(group) for group in groups):
            return
        for complaint in self:
            if self.env.user not in complaint.owner_id | complaint.handler_id:
                raise AccessError(
                    self.env._(
                        "%s: only its owner, its handler, the service manager or the general manager may do this.",
                        complaint.name,
                    )
                )

    def _check_group(self, *groups):
        if not any(self.env.user.has_group(group) for group in groups):
            names = ", ".join(self.env.ref(group).sudo().name for group in groups)
            raise AccessError(self.env._("Only these roles may do this: %s.", names))

    def _check_open(self):
        for complaint in self:
            if complaint.state in TERMINAL:
                raise UserError(self.env._("%s has ended. Reopen it with a reason.", complaint.name))

    def _check_reason(self, reason):
        if not (reason or "").strip():
            raise UserError(self.env._("Give a reason."))

    def _check_level(self, level, reason, demand_reason=False):
        self.ensure_one()
        if level not in RANK:
            raise UserError(self.env._("Choose a level: general, important or urgent."))
        if (self.is_safety or self.is_external) and level != "urgent":
            raise UserError(self.env._("%s is in the safety or the external lane: its level is urgent.", self.name))
        lower = RANK[level] < RANK[self.level_proposed or "general"]
        if (lower or demand_reason) and not (reason or "").strip():
            raise UserError(self.env._("%s: another level than the proposed one needs a reason.", self.name))

    def _handler_reasons(self, user, level):
        """Return why the user cannot handle a case of this level."""
        self.ensure_one()
        user_sudo = user.sudo()
        if not user:
            return [self.env._("Name a handler: nobody has the role that this level asks for.")]
        if user in self._get_persons_concerned():
            return [self.env._("%s is concerned by this complaint.", user_sudo.name)]
        if self.company_id not in user_sudo.company_ids or not user_sudo.active:
            return [self.env._("%s does not work in this store.", user_sudo.name)]
        is_gm = user_sudo.has_group("aftersales_crm.group_aftersales_gm")
        if level != "general" and not is_gm:
            return [self.env._("Important and urgent complaints are handled by the general manager.")]
        if level == "general" and not (is_gm or user_sudo.has_group("aftersales_crm.group_aftersales_manager")):
            return [self.env._("General complaints are handled by the service manager.")]
        return []

    def _check_handler(self, user, level):
        reasons = self._handler_reasons(user, level)
        if reasons:
            raise UserError(self.env._("%(number)s: %(reasons)s", number=self.name, reasons=" ".join(reasons)))

    def _check_recipient(self, user):
        self.ensure_one()
        user_sudo = user.sudo()
        if not user or user == self.owner_id:
            raise UserError(self.env._("%s: choose another person to hand over to.", self.name))
        if user in self._get_persons_concerned():
            raise UserError(
                self.env._("%(number)s: %(name)s is concerned by it.", number=self.name, name=user_sudo.name)
            )
        groups = ("advisor", "crc", "gm")
        is_staff = any(user_sudo.has_group(f"aftersales_crm.group_aftersales_{group}") for group in groups)
        if not user_sudo.active or self.company_id not in user_sudo.company_ids or not is_staff:
            raise UserError(
                self.env._(
                    "%(number)s: %(name)s does not handle complaints in this store.",
                    number=self.name,
                    name=user_sudo.name,
                )
            )

    def _check_merge_target(self, target):
        self.ensure_one()
        if not target or target == self or target.state in TERMINAL:
            raise UserError(self.env._("%s: choose an open case to merge into.", self.name))
        if target.company_id != self.company_id:
            raise UserError(self.env._("%s: the other case belongs to another store.", self.name))
        same_car = self.vehicle_id and self.vehicle_id == target.vehicle_id
        if not same_car and self.partner_id.commercial_partner_id != target.partner_id.commercial_partner_id:
            raise UserError(self.env._("%s: a duplicate is about the same customer or car.", self.name))

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    def _get_step_labels(self):
        return {
            "confirm": self.env._("Confirm with the Customer"),
            "classify": self.env._("Classify"),
            "investigate": self.env._("Settle Investigation"),
            "propose": self.env._("Propose Solution"),
            "revise": self.env._("Revise Solution"),
            "carry_out": self.env._("Carried Out"),
            "second_callback": self.env._("Second Callback"),
            "rework": self.env._("Investigate Again"),
            "close": self.env._("Close"),
            "reject": self.env._("Reject"),
            "withdraw": self.env._("Withdraw"),
            "merge": self.env._("Merge"),
            "reopen": self.env._("Reopen"),
            "reply": self.env._("Reply to the Customer"),
            "pause": self.env._("Pause"),
            "handover": self.env._("Hand Over"),
            "refuse_handover": self.env._("Refuse Hand-over"),
            "change_level": self.env._("Change Level"),
            "leave_lane": self.env._("Leave Lane"),
        }

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
            if RANK[complaint.level_proposed] > RANK[complaint.level]:
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

    def _apply_lanes(self):
        """Open the lanes that kind, words and channel call for, and name the advisor concerned."""
        for complaint in self.filtered(lambda c: c.state not in TERMINAL):
            values = {}
            if not complaint.is_safety and (complaint.kind_id.is_safety or complaint._has_safety_words()):
                values["is_safety"] = True
            if not complaint.is_external and complaint.source in ("hotline_12315", "media"):
                values["is_external"] = True
            advisor = complaint.repair_order_id.sudo().advisor_id
            in_hand = advisor in complaint.owner_id | complaint.handler_id and complaint.state != "received"
            if complaint.kind_id.concerns_advisor and advisor - complaint.concerned_ids and not in_hand:
                values["concerned_ids"] = [fields.Command.link(advisor.id)]
            if values:
                complaint._write_protected(values)

    def _has_safety_words(self):
        self.ensure_one()
        if self.lane_left_reason:
            return False
        words = (self.company_id.aftersales_safety_words or "").replace("\uff0c", ",").split(",")
        text = (self.description or "").lower()
        return any(word.strip().lower() in text for word in words if word.strip())

    def _tell_lane(self):
        self.ensure_one()
        users = self._get_role_users("manager") | self._get_role_users("gm")
        if self.is_safety:
            body = self.env._(
                "Safety lane: record the stop-driving advice and the report to the maker, and write the safety"
                " statement. Customer's words: %s",
                self.description,
            )
        else:
            body = self.env._("Media or an authority is involved. Customer's words: %s", self.description)
        self._tell(users, self.env._("%s needs you at once", self.name), body)

    def _tell_callback_case(self):
        """A grievance or complaint from a callback reaches the general manager, copied to the service manager."""
        for complaint in self:
            users = complaint._get_role_users("gm") | complaint._get_role_users("manager")
            nature = dict(self._fields["nature"]._description_selection(self.env))[complaint.nature]
            complaint._tell(
                users,
                self.env._("%(nature)s %(number)s from a callback", nature=nature, number=complaint.name),
                complaint.description,
            )

    def _raise_one(self, level):
        return LEVELS[min(RANK[level] + 1, len(LEVELS) - 1)][0]

    def _count_earlier_complaints(self):
        """Return {id: number of earlier complaints of the same car or customer in the last year}; two queries."""
        since = fields.Datetime.now() - timedelta(days=365)
        groups = self.sudo()._read_group(
            [
                ("nature", "=", "complaint"),
                ("state", "not in", ("rejected", "withdrawn", "merged")),
                ("date_received", ">=", since),
                "|",
                ("vehicle_id", "in", self.vehicle_id.ids),
                ("partner_id", "in", self.partner_id.ids),
            ],
            ["company_id", "vehicle_id", "partner_id"],
            ["id:array_agg"],
        )
        counts = {}
        for complaint in self:
            own = complaint._origin.id or complaint.id or 0
            earlier = set()
            for company, vehicle, partner, ids in groups:
                same_car = complaint.vehicle_id and vehicle == complaint.vehicle_id._origin
                if company == complaint.company_id and (same_car or partner == complaint.partner_id._origin):
                    earlier.update(ident for ident in ids if not isinstance(own, int) or not own or ident < own)
            counts[own] = len(earlier)
        return counts

    def _find_recurrence(self):
        """Return the last complaint about the same problem of the same car, within the days or the kilometres."""
        self.ensure_one()
        if not self.vehicle_id or self.recurrence_of_id:
            return self.browse()
        company = self.company_id
        candidates = self.sudo().search(
            [
                ("company_id", "=", company.id),
                ("vehicle_id", "=", self.vehicle_id.id),
                ("id", "<", self.id),
                ("state", "not in", ("rejected", "withdrawn", "merged")),
            ],
            order="date_received desc, id desc",
            limit=50,
        )
        since = self.date_received - timedelta(days=company.aftersales_recurrence_days)
        odometer = self.repair_order_id.sudo().odometer
        for other in candidates:
            same_kind = self.kind_id and other.kind_id and self.kind_id._get_root() == other.kind_id._get_root()
            same_problem = self.problem_category_id and self.problem_category_id == other.problem_category_id
            if not (same_kind or same_problem):
                continue
            before = other.repair_order_id.odometer
            near = odometer and before and 0 <= odometer - before <= company.aftersales_recurrence_km
            if other.date_received >= since or near:
                return self.browse(other.id)
        return self.browse()

    def _has_new_root_cause(self):
        self.ensure_one()
        own = " ".join((self.root_cause or "").split()).lower()
        earlier = " ".join((self.recurrence_of_id.sudo().root_cause or "").split()).lower()
        return bool(own) and own != earlier

    def _get_recurrence_sentence(self):
        return self.env._(
            "This is a recurrence of %s: write a root cause of its own, not the earlier one.",
            self.recurrence_of_id.name,
        )

    def _get_goodwill_limit(self, user):
        """Return what the user may grant alone; None: without limit."""
        self.ensure_one()
        company = self.company_id
        if user.has_group("aftersales_crm.group_aftersales_gm"):
            return None
        if user.has_group("aftersales_crm.group_aftersales_manager"):
            return company.aftersales_goodwill_limit_manager
        return company.aftersales_goodwill_limit_staff

    def _goodwill_above_limit(self, user):
        self.ensure_one()
        limit = self._get_goodwill_limit(user.sudo())
        return limit is not None and self.currency_id.compare_amounts(self.goodwill_amount, limit) > 0

    def _get_default_handler(self, level):
        """Return who handles a case of this level: the owner or the user when fit, else the first fit colleague."""
        self.ensure_one()
        role = "manager" if level == "general" else "gm"
        for user in self.env.user | self.owner_id | self._get_role_users(role):
            if not self._handler_reasons(user, level):
                return user
        return self.env["res.users"]

    def _prepare_solution_back_values(self):
        """Return the values that take a solution back."""
        self.ensure_one()
        return {
            "date_solution": False,
            "proposed_by_id": False,
            "second_satisfied": False,
            "second_caller_id": False,
            "solution_round": self.solution_round + 1,
        }

    def _do_step(self, step, vals=None, reason=None):
        target = TRANSITIONS[step][1]
        for complaint in self.filtered("waiting_for"):
            complaint._do_resume()
        self._write_protected({**(vals or {}), "state": target})
        if reason:
            label = self._get_step_labels()[step]
            for complaint in self:
                complaint.message_post(body=self.env._("%(step)s: %(reason)s", step=label, reason=reason))
        self._update_activities()

    def _do_end(self, step, vals, reason=None):
        now = fields.Datetime.now()
        self._do_step(step, {**vals, "date_closed": now}, reason)
        for complaint in self:
            complaint._end_custody(now)
            for code in ("classify", "first_reply", "customer_reply", "handle", "solve"):
                complaint._clock_stop(code)

    def _do_reopen(self, reason):
        self.ensure_one()
        now = fields.Datetime.now()
        codes = ["solve"]
        codes += ["classify"] if not self.date_classified else []
        codes += ["first_reply"] if not self.date_replied else []
        codes += ["handle"] if not self.date_solution else []
        self._write_protected(
            {
                "state": "classified" if self.date_classified else "received",
                "reopen_count": self.reopen_count + 1,
                "reopen_reason": reason,
                "date_closed": False,
                "closed_by_id": False,
                **self._prepare_solution_back_values(),
            }
        )
        self._start_custody(now, reason=reason)
        for code in codes:
            self._clock_reopen(code, at=now, reason=reason)
        self.message_post(body=self.env._("Reopened: %s", reason))
        self._update_activities()

    def _do_resume(self):
        for complaint in self:
            complaint._clock_resume(codes=["handle", "solve"])
            complaint._write_protected({"waiting_for": False, "waiting_reason": False})
            complaint.message_post(body=self.env._("Clocks run on."))

    def _do_change_level(self, level, reason=None):
        self.ensure_one()
        if level == self.level:
            return
        self._write_protected({"level": level, "level_change_reason": reason or False})
        self._clock_change(level, reason=reason)

    def _do_raise_level(self):
        """Raise the level at once when a rule calls for it, and put the case into the right hands."""
        self.ensure_one()
        if self.state in TERMINAL or RANK[self.level] >= RANK[self.level_proposed]:
            return
        self._do_change_level(self.level_proposed, self.level_reason)
        if self.handler_id and self._handler_reasons(self.handler_id, self.level):
            self._write_protected({"handler_id": self._get_default_handler(self.level).id})
        if self.is_safety or self.is_external:
            self._tell_lane()

    def _start_custody(self, at, reason=None):
        self.ensure_one()
        self.env["aftersales.handover"].sudo()._create_protected(
            [
                {
                    "complaint_id": self.id,
                    "to_id": self.owner_id.id,
                    "state": "accepted",
                    "reason": reason or self.env._("First contact"),
                    "date_proposed": at,
                    "date_answered": at,
                    "date_from": at,
                }
            ]
        )

    def _end_custody(self, at):
        rows_sudo = self.sudo().handover_ids.filtered(lambda h: h.date_from and not h.date_to)
        rows_sudo._write_protected({"date_to": at})
        # One hand at a time is a unique index: the old row must leave it before the new one comes.
        rows_sudo.flush_recordset()

    def _get_open_handover(self):
        self.ensure_one()
        handover_sudo = self.sudo().handover_ids.filtered(lambda h: h.state == "proposed" and h.to_id == self.env.user)
        if not handover_sudo:
            raise UserError(self.env._("%s: no hand-over waits for your answer.", self.name))
        return handover_sudo

    def _do_accept_handover(self, handover_sudo):
        self.ensure_one()
        now = fields.Datetime.now()
        self._end_custody(now)
        handover_sudo._write_protected({"state": "accepted", "date_answered": now, "date_from": now})
        self._write_protected({"owner_id": self.env.uid, "handover_to_id": False})
        self._tell(
            handover_sudo.from_id, self.env._("%s: hand-over accepted", self.name), self.env._("It is in other hands.")
        )
        self._update_activities()

    def _offer_appeals(self):
        """Tell each person concerned what was found, and until when they may object."""
        self.ensure_one()
        Appeal_sudo = self.env["aftersales.appeal"].sudo()
        self.sudo().appeal_ids.flush_recordset()
        known = self.sudo().appeal_ids.filtered(lambda a: a.state in ("open", "lodged")).user_id
        deadline = self._get_appeal_deadline()
        appeals_sudo = Appeal_sudo._create_protected(
            [
                {
                    "complaint_id": self.id,
                    "complaint_number": self.name,
                    "company_id": self.company_id.id,
                    "user_id": user.id,
                    "finding": self.env._(
                        "Cause: %(cause)s. Department: %(department)s. Main responsible: %(name)s.",
                        cause=self.cause_id.complete_name,
                        department=self.department,
                        name=self.responsible_main_id.name,
                    ),
                    "date_deadline": deadline,
                }
                for user in self._get_persons_concerned() - known
            ]
        )
        for appeal_sudo in appeals_sudo:
            appeal_sudo._tell_person()

    def _do_appeal_upheld(self, decision):
        """Investigate again: the person concerned was right."""
        self.ensure_one()
        if self.state in TERMINAL:
            self._do_reopen(decision)
        elif self.state in ("investigated", "solution", "carried_out", "second_callback"):
            if self._approval_pending("goodwill"):
                self._approval_cancel("goodwill", decision)
            if self.state in ("carried_out", "second_callback"):
                self._clock_reopen("solve", reason=decision)
            self._do_step("rework", self._prepare_solution_back_values(), decision)

    def _get_appeal_deadline(self):
        company = self.company_id
        calendar = company._aftersales_calendar()
        hours = calendar.hours_per_day * company.aftersales_appeal_days
        domain = [("time_type", "=", "leave"), ("company_id", "in", [False, company.id])]
        now = fields.Datetime.now()
        deadline = calendar.sudo().plan_hours(hours, now, compute_leaves=True, domain=domain)
        return deadline or now + timedelta(days=company.aftersales_appeal_days)

    def _tell(self, users, subject, body):
        """Notify staff; never the persons concerned."""
        for complaint in self:
            partners = (users - complaint._get_persons_concerned()).sudo().partner_id
            if partners:
                complaint.message_notify(partner_ids=partners.ids, subject=subject, body=body)

    def _update_activities(self):
        """Keep one activity for whoever is next; idempotent, derived from the state."""
        if self.env.context.get("mail_activity_automation_skip"):
            return
        xmlid = "aftersales_crm.mail_act_complaint_step"
        labels = self._get_step_labels()
        self.activity_unlink([xmlid])
        for complaint in self:
            step = NEXT_STEP.get(complaint.state)
            user = complaint.owner_id if complaint.state in ("received", "confirmed") else complaint.handler_id
            if complaint.state == "carried_out" or not user:
                user = complaint.owner_id
            if not step or user in complaint._get_persons_concerned():
                continue
            deadline = complaint.next_deadline or fields.Datetime.now()
            complaint.activity_schedule(
                xmlid,
                date_deadline=complaint.company_id._aftersales_local(deadline).date(),
                user_id=user.id,
                summary=labels[step],
            )

    # ------------------------------------------------------------
    # APPROVAL AND CLOCKS
    # ------------------------------------------------------------

    def _approval_purposes(self):
        return {
            **super()._approval_purposes(),
            "goodwill": {
                "name": self.env._("Goodwill"),
                "group": "aftersales_crm.group_aftersales_gm",
                "content": ["solution", "goodwill_amount", "solution_round"],
            },
        }

    def _approval_independence_reasons(self, purpose, user):
        reasons = super()._approval_independence_reasons(purpose, user)
        if user in self._get_persons_concerned():
            reasons.append(self.env._("%s is concerned by this complaint.", user.name))
        if purpose == "goodwill" and user == self.proposed_by_id:
            reasons.append(self.env._("%s proposed this goodwill.", user.name))
        return reasons

    def _approval_approved(self, approval):
        result = super()._approval_approved(approval)
        self._tell(self.handler_id | self.owner_id, self.env._("%s: goodwill approved", self.name), self.solution)
        return result

    def _approval_returned(self, approval):
        result = super()._approval_returned(approval)
        if self.state == "solution":
            self._do_step("revise", self._prepare_solution_back_values())
        return result

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

    @api.model
    def _cron_remind_promised_updates(self):
        """Remind the owner of an update that was promised to the customer and is due: once a promise."""
        domain = [
            ("state", "not in", TERMINAL),
            ("date_promised_update", "<=", fields.Datetime.now()),
            ("promise_reminded", "=", False),
        ]
        due = self.search(domain)
        self.env["ir.cron"]._commit_progress(remaining=len(due))
        for complaint in due:
            complaint = complaint.try_lock_for_update().filtered_domain(domain)
            if complaint:
                complaint._write_protected({"promise_reminded": True})
                complaint._tell(
                    complaint.owner_id | complaint.handler_id,
                    self.env._("%s: the customer was promised an update", complaint.name),
                    self.env._("Call the customer now and write down what was said."),
                )
            if not self.env["ir.cron"]._commit_progress(1):
                break
