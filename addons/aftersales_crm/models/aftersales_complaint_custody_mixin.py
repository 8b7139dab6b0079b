from odoo import fields, models
from odoo.exceptions import UserError

# Who may own a case
HANDLERS = ",".join(f"aftersales_crm.group_aftersales_{role}" for role in ("advisor", "crc", "gm"))


class AftersalesComplaintCustodyMixin(models.AbstractModel):
    """First-contact responsibility: whoever takes a complaint in owns it until somebody else has accepted it.

    The ledger is `aftersales.handover`: exactly one accepted row without an end while a case is open.
    """

    _name = "aftersales.complaint.custody.mixin"
    _description = "Complaint: Custody"
    _inherit = ["aftersales.protected.mixin"]

    _protected_fields = frozenset(
        {
            "owner_id",
            "handover_to_id",
        }
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
    handover_to_id = fields.Many2one("res.users", "Handed Over to", copy=False, index="btree_not_null")

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

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
            complaint._tell(user, lambda c: (c.env._("Hand-over of %s: please accept or refuse", c.name), reason))

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

    # ------------------------------------------------------------
    # CHECKS
    # ------------------------------------------------------------

    def _check_recipient(self, user):
        reasons = self._recipient_reasons(user)
        if reasons:
            raise UserError(self.env._("%(number)s: %(reasons)s", number=self.name, reasons=" ".join(reasons)))

    def _recipient_reasons(self, user):
        """Return why the case cannot be handed over to the user."""
        self.ensure_one()
        user_sudo = user.sudo()
        if not user or user == self.owner_id:
            return [self.env._("Choose another person to hand over to.")]
        if user in self._get_persons_concerned():
            return [self.env._("%s is concerned by it.", user_sudo.name)]
        if not user_sudo.active or self.company_id not in user_sudo.company_ids or not user_sudo.has_groups(HANDLERS):
            return [self.env._("%s does not handle complaints in this store.", user_sudo.name)]
        return []

    def _get_recipients(self):
        """Return the staff of the store to whom the case could be handed over."""
        self.ensure_one()
        groups_sudo = self.env["res.groups"].sudo()
        for xmlid in HANDLERS.split(","):
            groups_sudo |= self.env.ref(xmlid).sudo()
        users = self.env["res.users"].browse(groups_sudo.all_user_ids.ids)
        return users.filtered(lambda user: not self._recipient_reasons(user))

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

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
            handover_sudo.from_id,
            lambda c: (c.env._("%s: hand-over accepted", c.name), c.env._("It is in other hands.")),
        )
        self._update_activities()
