from odoo import api, fields, models
from odoo.exceptions import UserError

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
# What stays writable on a case that has ended
FREE_WHEN_ENDED = frozenset(
    {"message_follower_ids", "message_ids", "message_main_attachment_id", "activity_ids", "action_ids"}
)


class AftersalesComplaint(models.Model):
    """Complaint or grievance of a customer, from its number to its archive: who may do what, from where, and when.

    The tables are read by ``tests/test_complaint_matrix.py``, which tries every line as every person.

    ===============  ============================================  ============================
    Step             From                                          Who
    ===============  ============================================  ============================
    confirm          received                                      owner, handler, SM, GM
    classify         confirmed                                     SM, GM
    investigate      classified                                    owner, handler, SM, GM
    propose          investigated                                  owner, handler, SM, GM
    revise           solution                                      owner, handler, SM, GM
    carry_out        solution                                      owner, handler, SM, GM
    second_callback  carried_out                                   CRC, SM, GM
    rework           second_callback                               owner, handler, SM, GM
    close            second_callback                               SM*, GM
    reject           received, confirmed, classified, investigated SM*, GM
    withdraw         every open step                               owner*, handler*, SM*, GM
    merge            received, confirmed, classified               SM, GM
    reopen           closed, rejected, withdrawn                   CRC, SM, GM
    acknowledge      every open step                               owner, handler, CRC, SM, GM
    promote          every open step                               owner, handler, CRC, SM, GM
    reply            every open step                               owner, handler, SM, GM
    promise          every open step                               owner, handler, SM, GM
    pause            every open step                               owner, handler, SM, GM
    handover         every open step                               owner, handler, SM, GM
    change_level     every open step                               SM, GM
    involve          every open step                               owner, handler, SM, GM
    leave_lane       every open step                               GM
    gm_seen          every step                                    GM
    ===============  ============================================  ============================

    SM service manager, GM general manager, CRC consultant; ``*`` general level only, above it is the GM's. Whoever is
    concerned by the complaint may do nothing at all, whatever the role; they appeal through ``aftersales.appeal``.

    Only when:

    - confirm: of a mail from a staff address, the customer is named.
    - classify: a kind; below the proposal only with a reason; the lanes stay urgent; a handler fit for the level.
    - investigate: facts, both sides heard, cause, department, main responsible; of a recurrence a root cause of its own.
    - propose: a solution. Goodwill above the limit of the role asks the GM; carry_out waits for the answer.
    - second_callback: another person than the handler, the advisor and the technicians of the order.
    - rework: the customer is not satisfied.
    - close: the customer is satisfied, or it is said why it ends here and which recourse was told; above general a root
      cause that is no human error, and a submitted action or the reason for none.
    - close, reject, withdraw: safety lane: stop-driving advice, report to the maker, safety statement; media or authority:
      who is involved, the safety statement; every external body answered with what it demands, and settled where it waits.
    - close, reject, withdraw, merge: no hand-over and no goodwill waits for its answer.
    - merge: into an open case of the same store and the same customer or car, which takes over lanes and bodies.
    - leave_lane: not while kind, channel or a body call for the lane; the safety statement is owed all the same.
    """

    _name = "aftersales.complaint"
    _description = "Complaint"
    _inherit = [
        "aftersales.complaint.guard.mixin",
        "aftersales.complaint.intake.mixin",
        "aftersales.complaint.step.mixin",
        "aftersales.complaint.exception.mixin",
        "aftersales.complaint.level.mixin",
        "aftersales.complaint.lane.mixin",
        "aftersales.complaint.custody.mixin",
        "aftersales.complaint.recurrence.mixin",
        "aftersales.complaint.investigation.mixin",
        "aftersales.complaint.solution.mixin",
        "aftersales.complaint.reply.mixin",
        "aftersales.complaint.mail.mixin",
        "aftersales.complaint.screen.mixin",
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
            "state",
            "date_confirmed",
            "date_carried_out",
            "date_second_callback",
            "date_closed",
            "closed_by_id",
            "merged_into_id",
        }
    )

    # Kind
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
    partner_phone_masked = fields.Char(related="partner_id.aftersales_phone_masked", string="Phone")
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
    external_ids = fields.One2many("aftersales.complaint.external", "complaint_id", "External Bodies")
    promise_ids = fields.One2many("aftersales.complaint.promise", "complaint_id", "Promised Updates")
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
    date_confirmed = fields.Datetime("Confirmed on", copy=False)
    date_carried_out = fields.Datetime("Carried out on", copy=False)
    date_second_callback = fields.Datetime("Second Callback on", copy=False)
    date_closed = fields.Datetime("Closed on", copy=False, index=True, tracking=True)
    closed_by_id = fields.Many2one("res.users", "Closed by", copy=False)

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

    _number_uniq = models.UniqueIndex(
        "(company_id, name) WHERE name <> '/'", "Another complaint has this number already."
    )
    _callback_uniq = models.UniqueIndex(
        "(callback_id) WHERE callback_id IS NOT NULL AND source = 'callback'",
        "This callback has raised a complaint already.",
    )
    _company_state_idx = models.Index("(company_id, state)")

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
        proposed = {complaint.id: complaint.level_proposed for complaint in self}
        result = super().write(vals)
        self = self._without_proof()
        if not {"kind_id", "description", "source", "is_safety", "is_external", "repair_order_id"}.isdisjoint(vals):
            self._apply_lanes()
        if not {"kind_id", "problem_category_id", "vehicle_id", "repair_order_id"}.isdisjoint(vals):
            self._apply_recurrence()
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
        reasons += self._intake_write_reasons(vals) + self._solution_write_reasons(vals)
        reasons += self._lane_write_reasons(vals)
        return reasons

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

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
            "context": {
                "default_complaint_id": self.id,
                "default_step": step,
                "default_external_id": self.env.context.get("default_external_id"),
            },
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
    # CLOCKS
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

    def _timeline_texts(self, kind):
        """What the timeline says of each case."""
        return {
            case.id: " · ".join(
                filter(
                    None,
                    (
                        case.name,
                        case._selection_label("nature"),
                        case._selection_label("level"),
                        case.kind_id.complete_name,
                        case._selection_label("state"),
                    ),
                )
            )
            for case in self
        }
