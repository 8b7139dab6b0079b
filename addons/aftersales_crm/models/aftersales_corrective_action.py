from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from ..tools.corrective import ENDED

# Content that nobody changes once the effect is verified
CONTENT = frozenset(
    {
        "name",
        "kind",
        "problem",
        "containment",
        "root_cause",
        "cause_id",
        "problem_category_id",
        "responsible_id",
        "supervisor_id",
        "date_deadline",
        "indicator",
        "indicator_scope",
        "scope_advisor_id",
        "scope_brand_id",
        "scope_order_kind",
        "indicator_question_id",
        "indicator_kind_id",
        "indicator_cause_id",
        "target",
        "window_days",
        "cost_planned",
        "measure_ids",
        "why_ids",
        "company_id",
    }
)


class AftersalesCorrectiveAction(models.Model):
    """Corrective or preventive action: planned, signed, carried out, and proven by its effect.

    ===============  ===================================  ====================================================
    Step             Who                                  Only when
    ===============  ===================================  ====================================================
    submit           CRC, SM, GM                          root cause, measures, indicator, target, window;
                                                          the baseline is computed and kept
    sign or return   GM, not proposer, not responsible    approval engine, purpose ``sign``
    start            responsible person                   signed
    done             responsible person                   every measure of the round is done
    verify           supervisor, not who did the work     conclusion; before the window ends only with a reason
    close            supervisor, SM, GM                   effective; the GM is told
    cancel           SM, GM                               reason; no closed complaint depends on it
    extend           responsible person, supervisor       later date and reason; GM decides (purpose ``extend``)
    ===============  ===================================  ====================================================

    A change of measures, responsible person, deadline or indicator voids the signature and asks for it again. An
    action without effect starts a new round; the round before is kept as it was.
    """

    _name = "aftersales.corrective.action"
    _description = "Corrective or Preventive Action"
    _inherit = [
        "aftersales.corrective.step.mixin",
        "aftersales.corrective.effect.mixin",
        "aftersales.corrective.deadline.mixin",
        "aftersales.corrective.similar.mixin",
        "aftersales.approval.mixin",
        "aftersales.clock.mixin",
        "mail.thread",
        "mail.activity.mixin",
    ]
    _order = "date_deadline, id desc"
    _rec_names_search = ["number", "name"]
    _check_company_auto = True

    _protected_fields = frozenset(
        {
            "state",
            "number",
            "round",
        }
    )

    # Description
    name = fields.Char("Title", required=True, tracking=True, index="trigram")
    number = fields.Char(copy=False, readonly=True, index=True)
    kind = fields.Selection(
        [("corrective", "Corrective"), ("preventive", "Preventive")],
        default="corrective",
        required=True,
        tracking=True,
        help="Preventive: against a problem that is common but has not become a complaint yet.",
    )
    company_id = fields.Many2one("res.company", required=True, index=True, default=lambda self: self.env.company)
    complaint_ids = fields.Many2many(
        "aftersales.complaint",
        "aftersales_action_complaint_rel",
        "action_id",
        "complaint_id",
        string="Complaints",
        check_company=True,
        copy=False,
    )
    callback_id = fields.Many2one(
        "aftersales.callback", index="btree_not_null", ondelete="set null", check_company=True, copy=False
    )
    problem_category_id = fields.Many2one("aftersales.problem.category", index=True)
    cause_id = fields.Many2one("aftersales.cause", index=True, check_company=True)

    # Analysis
    problem = fields.Text(required=True)
    containment = fields.Text()
    root_cause = fields.Text()
    why_ids = fields.One2many("aftersales.corrective.why", "action_id", "5 Whys", copy=True)
    w_what = fields.Char("What", help="What went wrong, on what?")
    w_where = fields.Char("Where", help="At which place, in which step of the work?")
    w_when = fields.Char("When", help="Since when, how often, at what time?")
    w_who = fields.Char("Who", help="Who found it, whom does it concern? Not: whose fault.")
    w_why = fields.Char("Why", help="Why is it a problem for the customer?")
    w_how = fields.Char("How", help="How does it show, how many, how much?")

    # Plan
    measure_ids = fields.One2many("aftersales.corrective.measure", "action_id", "Measures", copy=True)
    responsible_id = fields.Many2one(
        "res.users", "Responsible Person", required=True, index=True, tracking=True, check_company=True
    )
    supervisor_id = fields.Many2one(
        "res.users",
        required=True,
        index=True,
        tracking=True,
        check_company=True,
        default=lambda self: self.env.user,
    )
    team_ids = fields.Many2many("res.users", "aftersales_action_team_rel", "action_id", "user_id")
    cost_planned = fields.Monetary("Planned Cost")
    cost_actual = fields.Monetary("Actual Cost")
    currency_id = fields.Many2one(related="company_id.currency_id")

    # Steps
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("submitted", "Submitted"),
            ("signed", "Signed Off"),
            ("in_progress", "In Progress"),
            ("done", "Done"),
            ("verified", "Effect Verified"),
            ("closed", "Closed"),
            ("cancelled", "Cancelled"),
        ],
        "Step",
        default="draft",
        required=True,
        copy=False,
        tracking=True,
        index=True,
        group_expand=True,
    )
    round = fields.Integer(default=1, copy=False, readonly=True)
    round_ids = fields.One2many("aftersales.corrective.round", "action_id", "Earlier Rounds")
    progress_ids = fields.One2many("aftersales.corrective.progress", "action_id", "Progress Notes")

    # Screen
    next_step = fields.Char(compute="_compute_next_step")
    next_who = fields.Char("Who Has It", compute="_compute_next_step")
    next_until = fields.Date("Until", compute="_compute_next_step")
    complaint_count = fields.Integer("Number of Complaints", compute="_compute_complaint_count")
    is_plan_open = fields.Boolean(
        compute="_compute_is_plan_open", help="The plan can be changed; once signed, a change asks for a new signature."
    )

    _responsible_not_supervisor = models.Constraint(
        "CHECK(responsible_id != supervisor_id)",
        "Responsible person and supervisor are two persons: nobody verifies their own work.",
    )
    _number_uniq = models.UniqueIndex(
        "(company_id, number) WHERE number IS NOT NULL", "Another action has this number already."
    )

    # ------------------------------------------------------------
    # COMPUTES
    # ------------------------------------------------------------

    @api.depends("number", "name")
    def _compute_display_name(self):
        for action in self:
            action.display_name = f"{action.number} {action.name}" if action.number else action.name

    @api.depends_context("lang")
    @api.depends("state", "responsible_id", "supervisor_id", "proposed_by_id", "date_deadline")
    def _compute_next_step(self):
        for action in self:
            responsible, supervisor = action.responsible_id.name, action.supervisor_id.name
            gm = self.env._("General manager")
            steps = {
                "draft": (self.env._("Submit"), action.proposed_by_id.name or action.create_uid.name, False),
                "submitted": (self.env._("Sign off or return"), gm, False),
                "signed": (self.env._("Start the work"), responsible, action.date_deadline),
                "in_progress": (self.env._("Carry out the measures"), responsible, action.date_deadline),
                "done": (self.env._("Verify the effect"), supervisor, action.date_effect_due),
                "verified": (self.env._("Close and report"), supervisor, False),
            }
            action.next_step, action.next_who, action.next_until = steps.get(action.state, (False, False, False))

    @api.depends("state")
    def _compute_is_plan_open(self):
        for action in self:
            action.is_plan_open = action.state in ("draft", "signed", "in_progress")

    @api.depends("complaint_ids")
    def _compute_complaint_count(self):
        for action in self:
            action.complaint_count = len(action.complaint_ids)

    # ------------------------------------------------------------
    # ORM
    # ------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        actions = super().create(vals_list)._without_proof()
        for action in actions.filtered(lambda a: not a.number):
            action._write_protected({"number": self.env["ir.sequence"].next_by_code("aftersales.corrective.action")})
        actions._tell_responsible()
        return actions

    def write(self, vals):
        if not self._has_proof():
            for action in self:
                if action.state in ENDED and not CONTENT.isdisjoint(vals):
                    raise UserError(
                        self.env._("%s has been verified or ended: its content stays as it is.", action.display_name)
                    )
        if "responsible_id" in vals:
            before = {action.id: action.responsible_id for action in self}
        complaints_sudo = self.sudo().complaint_ids if "complaint_ids" in vals else self.complaint_ids.browse()
        result = super().write(vals)
        complaints_sudo._check_action_stands()
        if "responsible_id" in vals:
            self.filtered(lambda a: a.responsible_id != before[a.id])._tell_responsible()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_submitted(self):
        for action in self:
            if action.state != "draft" or action.round > 1 or action.approval_ids:
                raise UserError(
                    self.env._("%s was submitted already: cancel it with a reason instead.", action.display_name)
                )
            action._check_complaints_stand()

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_add_progress(self, note):
        """Keep a dated progress note."""
        if not (note or "").strip():
            raise UserError(self.env._("Write a note."))
        for action in self:
            action._check_person(
                action.supervisor_id | action.responsible_id | action.team_ids | action.measure_ids.responsible_id,
                self.env._("the supervisor and the team"),
            )
            self.env["aftersales.corrective.progress"].sudo()._create_protected(
                [{"action_id": action.id, "note": note, "user_id": self.env.uid}]
            )

    def action_open_step(self):
        """Open the dialog of the step that the button names."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.display_name,
            "res_model": "aftersales.corrective.step",
            "view_mode": "form",
            "target": "new",
            "context": {"default_action_id": self.id, "default_step": self.env.context.get("step")},
        }

    @api.model
    def _open_new(self, **values):
        """Open the form of a new action with what is known already."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Corrective Action"),
            "res_model": "aftersales.corrective.action",
            "view_mode": "form",
            "context": {f"default_{name}": value for name, value in values.items()},
        }

    def action_open_complaints(self):
        self.ensure_one()
        return self.complaint_ids._get_records_action(name=self.env._("Complaints"))

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    def _get_round_measures(self):
        self.ensure_one()
        return self.measure_ids.filtered(lambda m: m.round == self.round)

    def _get_gm_users(self):
        self.ensure_one()
        return self._clock_group_users(self.env.ref("aftersales_crm.group_aftersales_gm"))

    def _tell_measure_done(self, measure):
        """Tell the responsible person that the last measure is done: only the report is missing."""
        self.ensure_one()
        if all(self._get_round_measures().mapped("date_done")) and self.env.user != self.responsible_id:
            self._aftersales_tell(
                self.responsible_id,
                lambda a: (
                    a.env._("%s: every measure is done", a.display_name),
                    a.env._("Look at the proofs and report the action as done."),
                ),
            )

    def _tell_responsible(self):
        for action in self:
            if action.responsible_id != self.env.user:
                action._aftersales_tell(
                    action.responsible_id,
                    lambda a: (
                        a.env._("You are responsible for %s", a.display_name),
                        a.env._("Deadline: %s.", format_date(a.env, a.date_deadline)),
                    ),
                )

    def _timeline_texts(self, kind):
        """What the timeline of a car or a customer says of each action; the plan itself is read in the action."""
        texts = {}
        for action in self:
            told = {
                "action": (action._selection_label("kind"), action.responsible_id.name),
                "action_done": (action.responsible_id.name,),
                "action_verified": (action._selection_label("effective"),),
                "action_closed": (action._selection_label("effective"),),
            }.get(kind, ())
            texts[action.id] = " · ".join(filter(None, (action.display_name, *told)))
        return texts

    # ------------------------------------------------------------
    # APPROVAL
    # ------------------------------------------------------------

    def _approval_purposes(self):
        return {
            **super()._approval_purposes(),
            "sign": {
                "name": self.env._("Sign-off"),
                "group": "aftersales_crm.group_aftersales_gm",
                # In the order in which it is read on a phone: what, who, until when, what it costs, how it is proven.
                "content": [
                    "problem",
                    "containment",
                    "root_cause",
                    ("measure_ids", ["kind", "name", "responsible_id", "date_deadline", "round"]),
                    "responsible_id",
                    "date_deadline",
                    "supervisor_id",
                    "cost_planned",
                    "kind",
                    "indicator",
                    "indicator_scope",
                    "scope_advisor_id",
                    "scope_brand_id",
                    "scope_order_kind",
                    "indicator_question_id",
                    "indicator_kind_id",
                    "indicator_cause_id",
                    "problem_category_id",
                    "baseline",
                    "target",
                    "window_days",
                    "round",
                ],
            },
            "extend": {
                "name": self.env._("Deadline Extension"),
                "group": "aftersales_crm.group_aftersales_gm",
                "content": ["extension_date", "extension_reason"],
            },
        }

    def _approval_independence_reasons(self, purpose, user):
        reasons = super()._approval_independence_reasons(purpose, user)
        if user == self.responsible_id:
            reasons.append(self.env._("%s is the responsible person of this action.", user.name))
        if purpose == "sign" and user == self.proposed_by_id:
            reasons.append(self.env._("%s proposed this action.", user.name))
        return reasons

    def _approval_approved(self, approval):
        result = super()._approval_approved(approval)
        if approval.purpose == "sign" and self.state == "submitted":
            # Signed again after a change: the work goes on where it was.
            state = "in_progress" if self.date_started else "signed"
            self._write_protected({"state": state, "date_signed": fields.Datetime.now()})
            self._aftersales_tell(
                self.responsible_id,
                lambda a: (
                    a.env._("%s is signed off", a.display_name),
                    a.env._("Please start. Deadline: %s.", format_date(a.env, a.date_deadline)),
                ),
            )
        elif approval.purpose == "extend":
            signed = self._approval_current("sign")
            self._write_protected({"date_deadline": self.extension_date, "extension_count": self.extension_count + 1})
            self._approval_rebind(signed, approval)
        return result

    def _approval_returned(self, approval):
        result = super()._approval_returned(approval)
        if approval.purpose == "sign" and self.state == "submitted":
            self._write_protected({"state": "draft", "return_reason": approval.reason})
        return result

    def _approval_voided(self, approval):
        result = super()._approval_voided(approval)
        if approval.purpose == "sign" and self.state in ("signed", "in_progress", "done"):
            self._write_protected({"state": "submitted", "date_signed": False, "date_done": False, "done_by_id": False})
        return result
