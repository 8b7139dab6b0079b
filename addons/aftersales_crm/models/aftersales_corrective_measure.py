from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..tools.corrective import ENDED

PLAN = frozenset({"kind", "name", "responsible_id", "date_deadline", "action_id"})


class AftersalesCorrectiveMeasure(models.Model):
    _name = "aftersales.corrective.measure"
    _description = "Corrective Measure"
    _inherit = ["aftersales.protected.mixin", "aftersales.approval.line.mixin"]
    _approval_parent = "action_id"
    _order = "round desc, kind, date_deadline, id"
    _check_company_auto = True
    _protected_fields = frozenset({"round", "date_done", "done_by_id"})

    action_id = fields.Many2one("aftersales.corrective.action", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="action_id.company_id", store=True, index=True)
    kind = fields.Selection(
        [("containment", "Containment"), ("corrective", "Corrective"), ("preventive", "Preventive")],
        default="corrective",
        required=True,
    )
    name = fields.Char("Measure", required=True)
    responsible_id = fields.Many2one("res.users", "Responsible Person", required=True, index=True, check_company=True)
    date_deadline = fields.Date("By When", required=True)
    date_done = fields.Date("Done on", copy=False, readonly=True)
    done_by_id = fields.Many2one("res.users", "Done by", copy=False, readonly=True)
    proof = fields.Char(copy=False, help="How it can be seen that this was done.")
    proof_ids = fields.One2many(
        "ir.attachment",
        "res_id",
        "Proofs",
        domain=[("res_model", "=", "aftersales.corrective.measure")],
        bypass_search_access=True,
        readonly=True,
        copy=False,
    )
    proof_count = fields.Integer("Files", compute="_compute_proof_count")
    round = fields.Integer(default=1, copy=False, readonly=True)
    action_state = fields.Selection(related="action_id.state", string="Step of the Action")
    is_current = fields.Boolean("This Round", compute="_compute_is_current")

    # ------------------------------------------------------------
    # COMPUTES
    # ------------------------------------------------------------

    @api.depends("round", "action_id.round")
    def _compute_is_current(self):
        for measure in self:
            measure.is_current = measure.round == measure.action_id.round

    @api.depends("proof_ids")
    def _compute_proof_count(self):
        for measure in self:
            measure.proof_count = len(measure.sudo().proof_ids)

    # ------------------------------------------------------------
    # ORM
    # ------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        measures = super().create(vals_list)
        measures._check_plan_open()
        for measure in measures.filtered(lambda m: m.round != m.action_id.round):
            measure._write_protected({"round": measure.action_id.round})
        return measures

    def write(self, vals):
        if not self._has_proof() and not PLAN.isdisjoint(vals):
            self._check_plan_open()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_kept(self):
        self._check_plan_open()
        if self.filtered("date_done"):
            raise UserError(self.env._("A measure that is done stays in the plan."))

    def _check_plan_open(self):
        for measure in self:
            if measure.action_id.state in ENDED:
                raise UserError(
                    self.env._("%s has been verified or ended: its measures stay.", measure.action_id.display_name)
                )
            if measure.round < measure.action_id.round and measure.date_done:
                raise UserError(self.env._('"%s" belongs to an earlier round and stays as it was.', measure.name))

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_open_done(self):
        """Open the dialog that asks for the proof."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Report as Done"),
            "res_model": "aftersales.corrective.step",
            "view_mode": "form",
            "target": "new",
            "context": {
                "default_action_id": self.action_id.id,
                "default_measure_id": self.id,
                "default_step": "measure",
                "default_note": self.proof,
            },
        }

    def action_done(self, proof=None, attachments=None):
        """Report the measure as done, with a proof; only who carries it out, or the responsible person of the action.

        :param str proof: how it can be seen that it was done; may be left out with files, or when noted before
        :param attachments: list of ids of own files that belong to no document yet (photos)
        """
        files = self._get_own_files(attachments)
        for measure in self:
            action = measure.action_id
            action.check_access("read")
            if self.env.user not in measure.responsible_id | action.responsible_id:
                raise AccessError(
                    self.env._(
                        '"%(measure)s": only %(name)s may report it as done.',
                        measure=measure.name,
                        name=measure.responsible_id.name,
                    )
                )
            if action.state != "in_progress":
                raise UserError(self.env._("%s is not in progress.", action.display_name))
            if measure.round != action.round:
                raise UserError(self.env._('"%s" belongs to an earlier round and stays as it was.', measure.name))
            if measure.date_done:
                continue
            proof = (proof or "").strip() or measure.proof
            if not proof and not files and not measure.proof_count:
                raise UserError(
                    self.env._('"%s": say how it can be seen that this was done, or add a photo.', measure.name)
                )
            values = {"date_done": action.company_id._aftersales_today(), "done_by_id": self.env.uid}
            if proof:
                values["proof"] = proof
            measure.sudo()._write_protected(values)
            files.sudo().write({"res_model": self._name, "res_id": measure.id})
            action.sudo()._tell_measure_done(measure)

    def _get_own_files(self, attachments):
        """The files that the current user has uploaded and not yet put anywhere."""
        files = self.env["ir.attachment"].browse(attachments or []).exists()
        for file_sudo in files.sudo():
            placed = file_sudo.res_id and file_sudo.res_model != "aftersales.corrective.step"
            if file_sudo.create_uid != self.env.user or placed:
                raise AccessError(self.env._("The file %s belongs to another document.", file_sudo.name))
        return files

    def action_undo(self):
        """Take a report back while the action is in progress."""
        for measure in self:
            if self.env.user not in measure.done_by_id | measure.action_id.responsible_id:
                raise AccessError(self.env._('"%s": only who reported it may take it back.', measure.name))
            if measure.action_id.state != "in_progress":
                raise UserError(self.env._("%s is not in progress.", measure.action_id.display_name))
            if measure.round != measure.action_id.round:
                raise UserError(self.env._('"%s" belongs to an earlier round and stays as it was.', measure.name))
            measure.sudo()._write_protected({"date_done": False, "done_by_id": False})
