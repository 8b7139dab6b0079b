from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools.complaint_steps import DISMISSED, LEVEL_CLOCKS, RANK, TERMINAL, highest, is_higher, propose_level

LEVELS = [("general", "General"), ("important", "Important"), ("urgent", "Urgent")]


class AftersalesComplaintLevelMixin(models.AbstractModel):
    """How grave a complaint is, and therefore whose it is: proposed by rule, confirmed by a person, raised at once by rule.

    General cases are handled by the service manager, the others by the general manager.
    """

    _name = "aftersales.complaint.level.mixin"
    _description = "Complaint: Level and Handler"
    _inherit = ["aftersales.protected.mixin"]

    _protected_fields = frozenset(
        {
            "level",
            "level_change_reason",
            "handler_id",
            "date_classified",
            "classified_by_id",
        }
    )

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
    handler_id = fields.Many2one("res.users", index=True, copy=False, tracking=6)
    date_classified = fields.Datetime("Classified on", copy=False)
    classified_by_id = fields.Many2one("res.users", "Classified by", copy=False)

    # ------------------------------------------------------------
    # COMPUTES
    # ------------------------------------------------------------

    @api.depends(
        "kind_id", "is_safety", "is_external", "nature", "recurrence_of_id", "vehicle_id", "partner_id", "source"
    )
    def _compute_level_proposed(self):
        counts = self._count_earlier_complaints()
        for complaint in self:
            number = counts.get(complaint._origin.id or complaint.id, 0) + 1
            level, rules = propose_level(
                complaint.kind_id.default_level,
                is_safety=complaint.is_safety,
                is_external=complaint.is_external,
                is_outside=complaint.source in ("maker", "platform"),
                is_repeated=complaint.nature == "complaint"
                and number >= (complaint.company_id.aftersales_raise_count or 3),
                is_recurrence=bool(complaint.recurrence_of_id),
            )
            texts = {
                "kind": self.env._("kind"),
                "safety": self.env._("safety lane"),
                "external": self.env._("media or authority"),
                "outside": self.env._("channel outside the store"),
                "repeated": self.env._("complaint no. %s of this car or customer", number),
                "recurrence": self.env._("recurrence of %s", complaint.recurrence_of_id.name),
            }
            complaint.level_proposed = level
            complaint.level_reason = ", ".join(texts[rule] for rule in rules)

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_classify(self, level=None, handler_id=None, reason=None):
        """Confirm the level and name the handler.

        :param str level: general, important or urgent; the present level when empty
        :param int handler_id: user; the default of the level when empty
        """
        self._check_step("classify")
        for complaint in self:
            wanted = level or highest(complaint.level, complaint.level_proposed)
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

    # ------------------------------------------------------------
    # CHECKS
    # ------------------------------------------------------------

    def _check_level(self, level, reason, demand_reason=False):
        self.ensure_one()
        if level not in RANK:
            raise UserError(self.env._("Choose a level: general, important or urgent."))
        if (self.is_safety or self.is_external) and level != "urgent":
            raise UserError(self.env._("%s is in the safety or the external lane: its level is urgent.", self.name))
        lower = is_higher(self.level_proposed, level)
        if (lower or demand_reason) and not (reason or "").strip():
            raise UserError(self.env._("%s: another level than the proposed one needs a reason.", self.name))

    def _check_handler(self, user, level):
        reasons = self._handler_reasons(user, level)
        if reasons:
            raise UserError(self.env._("%(number)s: %(reasons)s", number=self.name, reasons=" ".join(reasons)))

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

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    def _get_default_handler(self, level):
        """Return who handles a case of this level: the owner or the user when fit, else the first fit colleague."""
        self.ensure_one()
        role = "manager" if level == "general" else "gm"
        for user in self.env.user | self.owner_id | self._get_role_users(role):
            if not self._handler_reasons(user, level):
                return user
        return self.env["res.users"]

    def _get_handlers(self, level):
        """Return everybody of the store who could handle a case of this level."""
        self.ensure_one()
        users = self._get_role_users("manager") | self._get_role_users("gm")
        return users.filtered(lambda user: not self._handler_reasons(user, level))

    def _do_change_level(self, level, reason=None):
        self.ensure_one()
        if level == self.level:
            return
        self._write_protected({"level": level, "level_change_reason": reason or False})
        self._clock_change(level, reason=reason, codes=LEVEL_CLOCKS)

    def _do_raise_level(self):
        """Raise the level at once when a rule calls for it, and put the case into the right hands."""
        self.ensure_one()
        if self.state in TERMINAL or not is_higher(self.level_proposed, self.level):
            return
        self._do_change_level(self.level_proposed, self.level_reason)
        if self.handler_id and self._handler_reasons(self.handler_id, self.level):
            self._write_protected({"handler_id": self._get_default_handler(self.level).id})
        if self.is_safety or self.is_external:
            self._tell_lane()

    def _count_earlier_complaints(self):
        """Return {id: number of earlier complaints of the same car or customer in the last year}; two queries."""
        since = fields.Datetime.now() - timedelta(days=365)
        groups = self.sudo()._read_group(
            [
                ("nature", "=", "complaint"),
                ("state", "not in", DISMISSED),
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
