import base64
import json

from odoo import api, fields, models
from odoo.exceptions import UserError


class AftersalesDataRequest(models.Model):
    """What a person asks of their own data: a copy, a correction, the deletion.

    ============  ==========================================  ====================================
    Action        Role                                        Restriction
    ============  ==========================================  ====================================
    take in       advisor, consultant, archivist
    carry out     service manager, general manager            has not taken the request in
    refuse        service manager, general manager            with a reason
    delete        nobody
    ============  ==========================================  ====================================

    Repair records are kept by duty. A person who asks for deletion before that time is over is *stored only*: not
    called, not exported, and erased by the scheduled action when the time has come.
    """

    _name = "aftersales.data.request"
    _description = "Request About Personal Data"
    _inherit = ["aftersales.protected.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "id desc"
    _check_company_auto = True
    _protected_fields = frozenset({"name", "state", "user_id", "done_by_id", "date_done", "answer", "copy_file"})

    name = fields.Char("Number", readonly=True, copy=False, default="/")
    partner_id = fields.Many2one("res.partner", "Person", required=True, index=True, ondelete="restrict")
    kind = fields.Selection(
        [("copy", "Copy"), ("correction", "Correction"), ("deletion", "Deletion")], required=True, default="copy"
    )
    wish = fields.Text("Person's Words", required=True)
    date_received = fields.Date("Received on", required=True, default=fields.Date.context_today)
    date_deadline = fields.Date(
        "Answer until", compute="_compute_date_deadline", store=True, readonly=False, precompute=True
    )
    user_id = fields.Many2one("res.users", "Taken in by", default=lambda self: self.env.user, readonly=True)
    state = fields.Selection(
        [("received", "Received"), ("done", "Carried out"), ("refused", "Refused")],
        default="received",
        required=True,
        readonly=True,
        copy=False,
        index=True,
        tracking=True,
    )
    answer = fields.Text(readonly=True, copy=False)
    done_by_id = fields.Many2one("res.users", "Carried out by", readonly=True, copy=False)
    date_done = fields.Datetime("Carried out on", readonly=True, copy=False)
    copy_file = fields.Binary("Copy of the Data", attachment=True, readonly=True, copy=False)
    copy_name = fields.Char(compute="_compute_copy_name")
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company, readonly=True
    )

    @api.depends("date_received", "company_id")
    def _compute_date_deadline(self):
        for request in self:
            request.date_deadline = request.date_received and fields.Date.add(
                request.date_received, days=request.company_id.aftersales_request_days
            )

    @api.depends("name")
    def _compute_copy_name(self):
        for request in self:
            request.copy_name = f"{request.name}.json"

    @api.model_create_multi
    def create(self, vals_list):
        requests = super().create(vals_list)
        for request in requests:
            request._write_protected({"name": self.env["ir.sequence"].next_by_code(self._name) or "/"})
        return requests

    def write(self, vals):
        closed = self.filtered(lambda request: request.state != "received")
        if closed and not self._has_proof() and {"partner_id", "kind", "wish", "date_received"}.intersection(vals):
            raise UserError(self.env._("%(request)s is answered: it stays as it is.", request=closed[0].name))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_history(self):
        raise UserError(self.env._("What a person asked of their data is kept as proof."))

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_carry_out(self):
        """Do what the person asked for: write the copy, confirm the correction, or store only."""
        for request in self:
            request._check_answerable()
            answer = getattr(request, f"_do_{request.kind}")()
            request._write_protected(
                {
                    "state": "done",
                    "answer": answer,
                    "done_by_id": self.env.uid,
                    "date_done": fields.Datetime.now(),
                }
            )
        return True

    def action_refuse(self, reason):
        """Refuse the request with the reason that the person is told."""
        reason = (reason or "").strip()
        if not reason:
            raise UserError(self.env._("Say why the request is refused: the person is told."))
        for request in self:
            request._check_answerable()
        self._write_protected(
            {"state": "refused", "answer": reason, "done_by_id": self.env.uid, "date_done": fields.Datetime.now()}
        )
        return True

    def _check_answerable(self):
        self.ensure_one()
        self.check_access("write")
        if not self.env.user.has_groups("aftersales_crm.group_aftersales_manager,aftersales_crm.group_aftersales_gm"):
            raise UserError(self.env._("The service manager or the general manager answers such a request."))
        if self.state != "received":
            raise UserError(self.env._("%(request)s is answered already.", request=self.name))
        if self.user_id == self.env.user:
            raise UserError(self.env._("You took %(request)s in yourself: another person answers.", request=self.name))

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    def _do_copy(self):
        content = self.partner_id.sudo()._aftersales_personal_data(self.company_id)
        text = json.dumps(content, ensure_ascii=False, indent=2, default=str)
        self._write_protected({"copy_file": base64.b64encode(text.encode())})
        return self.env._("Copy written: %(count)s sections.", count=len(content))

    def _do_correction(self):
        return self.env._("Corrected.")

    def _do_deletion(self):
        until = self.partner_id.sudo()._aftersales_store_only(self.company_id)
        return self.env._("Stored only, erased after %(date)s.", date=until)
