from odoo import api, fields, models
from odoo.exceptions import UserError


class AftersalesChangeRequest(models.Model):
    """The one way to change a filed vehicle file: old and new values, approved before they take effect.

    ===========  ===================================  ===========================================
    Action       Role                                 Restriction
    ===========  ===================================  ===========================================
    ask, submit  advisor, consultant, archivist       correction and deletion: filed files only
    decide       service manager                      has neither asked nor submitted it
    take back    who may ask                          until it is decided
    delete       who may ask                          drafts only
    ===========  ===================================  ===========================================
    """

    _name = "aftersales.change.request"
    _description = "Change Request"
    _inherit = ["mail.thread", "mail.activity.mixin", "aftersales.approval.mixin"]
    _order = "id desc"
    _check_company_auto = True
    _mail_post_access = "read"
    _protected_fields = frozenset({"name", "state", "user_id", "date_applied", "is_sealed"})

    name = fields.Char("Number", readonly=True, copy=False, default="/")
    vehicle_id = fields.Many2one(
        "aftersales.vehicle", required=True, index=True, ondelete="cascade", check_company=True
    )
    partner_id = fields.Many2one(related="vehicle_id.partner_id")
    kind = fields.Selection(
        [("correction", "Correction"), ("ownership", "Ownership change"), ("deletion", "Deletion")],
        required=True,
        default="correction",
        tracking=True,
    )
    reason = fields.Text(required=True)
    date_transfer = fields.Date("Transferred on", default=fields.Date.context_today)
    line_ids = fields.One2many("aftersales.change.request.line", "request_id", "Changes")
    user_id = fields.Many2one("res.users", "Asked by", default=lambda self: self.env.user, readonly=True, copy=False)
    state = fields.Selection(
        [("draft", "Draft"), ("submitted", "Submitted"), ("applied", "Applied"), ("cancelled", "Cancelled")],
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        index=True,
        tracking=True,
    )
    date_applied = fields.Datetime("Applied on", readonly=True, copy=False)
    is_sealed = fields.Boolean(
        "Of a Former Owner", readonly=True, copy=False, help="Reviewers alone read what was changed for a former owner."
    )
    company_id = fields.Many2one(related="vehicle_id.company_id", store=True, index=True)

    # ------------------------------------------------------------
    # ORM
    # ------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        requests = super().create(vals_list)
        for request in requests:
            request._write_protected({"name": self.env["ir.sequence"].next_by_code(self._name) or "/"})
        return requests

    def write(self, vals):
        if not self._has_proof():
            asked = {"vehicle_id", "kind", "reason", "date_transfer", "line_ids"}.intersection(vals)
            closed = self.filtered(lambda request: request.state != "draft") if asked else self.browse()
            if closed:
                raise UserError(
                    self.env._(
                        "%(request)s is no draft any more: take it back before you change it.", request=closed[0].name
                    )
                )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_submitted(self):
        if self.filtered(lambda request: request.state != "draft"):
            raise UserError(
                self.env._("Only a draft change request can be deleted. The others are the history of the file.")
            )

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_submit(self):
        """Ask the service manager for approval."""
        self.check_access("write")
        for request in self:
            request._check_submittable()
        self._do_submit()
        return True

    def action_take_back(self):
        """Make a draft again of a request that waits for approval."""
        self.check_access("write")
        for request in self:
            if request.state != "submitted":
                raise UserError(self.env._("%(request)s does not wait for approval.", request=request.name))
        self._approval_cancel("change", self.env._("Taken back by %(person)s.", person=self.env.user.name))
        self._write_protected({"state": "draft"})
        return True

    def action_cancel(self):
        """Drop a request that is no longer wanted."""
        self.check_access("write")
        for request in self:
            if request.state not in ("draft", "submitted"):
                raise UserError(self.env._("%(request)s is closed already.", request=request.name))
        self._approval_cancel("change", self.env._("Dropped by %(person)s.", person=self.env.user.name))
        self._write_protected({"state": "cancelled"})
        return True

    # ------------------------------------------------------------
    # APPROVAL
    # ------------------------------------------------------------

    def _approval_purposes(self):
        return super()._approval_purposes() | {
            "change": {
                "name": self.env._("Change of the vehicle file"),
                "group": "aftersales_crm.group_aftersales_manager",
                "content": [
                    "vehicle_id",
                    "kind",
                    "reason",
                    "date_transfer",
                    ("line_ids", ["field_name", "old_raw", "new_raw"]),
                ],
            }
        }

    def _approval_independence_reasons(self, purpose, user):
        reasons = super()._approval_independence_reasons(purpose, user)
        if purpose == "change" and not reasons and self.sudo().user_id == user:
            reasons.append(self.env._("You asked for this change yourself: another person must decide."))
        return reasons

    def _approval_approved(self, approval):
        if approval.purpose == "change":
            self._do_apply()
        return super()._approval_approved(approval)

    def _approval_returned(self, approval):
        if approval.purpose == "change":
            self._write_protected({"state": "draft"})
        return super()._approval_returned(approval)

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    @api.model
    def _ask(self, vehicle, vals, reason, kind="correction", date_transfer=False):
        """Create and submit a request that changes the values of a vehicle file."""
        request = self.create(
            [
                {
                    "vehicle_id": vehicle.id,
                    "kind": kind,
                    "reason": reason,
                    "date_transfer": date_transfer or vehicle.company_id._aftersales_today(),
                    "line_ids": [
                        fields.Command.create({"field_name": name, "new_raw": vehicle._to_raw(name, value)})
                        for name, value in vals.items()
                    ],
                }
            ]
        )
        request.action_submit()
        return request

    def _check_submittable(self):
        self.ensure_one()
        vehicle = self.vehicle_id
        if self.state != "draft":
            raise UserError(self.env._("%(request)s is submitted already.", request=self.name))
        if vehicle.state in ("submitted", "verified"):
            raise UserError(
                self.env._("%(vehicle)s waits for approval itself. Take it back first.", vehicle=vehicle.display_name)
            )
        if vehicle.state == "draft" and self.kind != "ownership":
            raise UserError(
                self.env._(
                    "%(vehicle)s is still a draft: change it directly, no request is needed.",
                    vehicle=vehicle.display_name,
                )
            )
        if self.kind == "deletion":
            return
        effective = self.line_ids.filtered(lambda line: line.new_raw != vehicle._to_raw(line.field_name))
        if not effective:
            raise UserError(self.env._("%(request)s changes nothing. Enter at least one new value.", request=self.name))
        owner = effective.filtered(lambda line: line.field_name == "partner_id")
        if self.kind == "ownership" and not (owner and owner.new_raw):
            raise UserError(self.env._("An ownership change needs the new owner. Choose another owner than today's."))

    def _do_submit(self):
        for request in self:
            request.line_ids._take_old_values()
        self._write_protected({"state": "submitted"})
        self._approval_request("change")

    def _do_apply(self):
        """Write the approved values (superuser mode). What moved since the request was made is not overwritten."""
        for request in self:
            vehicle = request.vehicle_id
            moved = request.line_ids.filtered(
                lambda line, vehicle=vehicle: line.old_raw != vehicle._to_raw(line.field_name)
            )
            if moved:
                raise UserError(
                    self.env._(
                        "%(fields)s of %(vehicle)s changed since %(request)s was submitted. "
                        "Return it, so that it is asked for again with today's values.",
                        fields=", ".join(line.field_label for line in moved),
                        vehicle=vehicle.display_name,
                        request=request.name,
                    )
                )
            vals = {line.field_name: vehicle._from_raw(line.field_name, line.new_raw) for line in request.line_ids}
            vehicle._apply_change(vals, request)
            request._write_protected({"state": "applied", "date_applied": fields.Datetime.now()})
            vehicle.message_post(body=request._applied_text(), subtype_xmlid="mail.mt_note")

    def _applied_text(self):
        """What the messages of the file say of an applied request; of a change of hands nothing but the fact."""
        self.ensure_one()
        if self.kind == "ownership":
            return self.env._(
                "%(request)s applied: new owner since %(date)s.", request=self.name, date=self.date_transfer
            )
        changes = "; ".join(
            f"{line.field_label}: {line._shown(line.old_value)} → {line._shown(line.new_value)}"
            for line in self.line_ids
        )
        return self.env._(
            "%(request)s applied (%(reason)s). %(changes)s", request=self.name, reason=self.reason, changes=changes
        )

    def _timeline_texts(self, kind):
        """What the timeline says of each row."""
        return {
            row.id: f"{row.name}: {', '.join(row.line_ids.mapped('field_label')) or row._selection_label('kind')}"
            for row in self
        }
