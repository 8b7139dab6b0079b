import hashlib
import json
import logging

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools.canonical import canonical, line_text

_logger = logging.getLogger(__name__)

# Lines that are saved with their document leave the comparison to it. As with protected fields, what counts is the
# identity of the object, which no client can send.
_SAVING = "aftersales_approval_saving"
_SAVING_PROOF = object()


class AftersalesApprovalMixin(models.AbstractModel):
    """Lets a document ask for decisions that bind its content.

    The content is a canonical form of the declared fields and lines. Its SHA-256 is kept with the decision: a change
    of a bound field voids the decision, says who changed what, and asks again.
    """

    _name = "aftersales.approval.mixin"
    _inherit = ["aftersales.protected.mixin"]
    _description = "Document with Approvals"

    _protected_fields = frozenset({"approval_ids"})

    approval_ids = fields.One2many(
        "aftersales.approval",
        "res_id",
        string="Approvals",
        domain=lambda self: [("res_model", "=", self._name)],
        readonly=True,
        copy=False,
        bypass_search_access=True,
    )
    approval_pending_id = fields.Many2one(
        "aftersales.approval", string="Waiting For", compute="_compute_approval_pending_id", compute_sudo=True
    )
    can_decide = fields.Boolean(compute="_compute_can_decide", search="_search_can_decide")
    cannot_decide_reason = fields.Text(compute="_compute_can_decide")

    @api.depends("approval_ids.state")
    def _compute_approval_pending_id(self):
        for record in self:
            record.approval_pending_id = record.approval_ids.filtered(lambda row: row.state == "pending")[:1]

    @api.depends_context("uid")
    @api.depends("approval_ids.state")
    def _compute_can_decide(self):
        pending = self.sudo().approval_pending_id.with_env(self.env)
        reasons = pending._cannot_decide_reasons()
        for record in self:
            row = record.approval_pending_id
            record.can_decide = bool(row) and not reasons.get(row.id)
            record.cannot_decide_reason = "\n".join(reasons.get(row.id, []))

    def _search_can_decide(self, operator, value):
        if operator != "in":
            return NotImplemented
        rows = self.env["aftersales.approval"].search([("res_model", "=", self._name), ("can_decide", "=", True)])
        return [("id", "in", rows.mapped("res_id"))]

    # ------------------------------------------------------------
    # ORM
    # ------------------------------------------------------------

    def write(self, vals):
        # Own code that changes bound content says itself what becomes of the decision (`_approval_rebind`); if it does
        # not, the fingerprint no longer fits and the decision does not count.
        watched = not self._has_proof() and self._approval_bound_fields().intersection(vals)
        records = self.filtered("id") if watched else self.browse()
        before = records._approval_open_hashes()
        saving = self.with_context(**{_SAVING: _SAVING_PROOF}) if watched else self
        result = super(AftersalesApprovalMixin, saving).write(vals)
        records._approval_void_changed(before)
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_with_approvals(self):
        if self.sudo().approval_ids:
            raise UserError(
                self.env._(
                    "%(names)s: a document with decisions on it is evidence and cannot be deleted. Archive or cancel it.",
                    names=", ".join(self.sudo().filtered("approval_ids").mapped("display_name")),
                )
            )

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_approval_approve(self):
        """Approve the pending request of each record."""
        self._approval_pending_checked().action_approve()
        return True

    def action_approval_return(self):
        """Ask for the reason, then return the pending request of each record."""
        return self._approval_pending_checked().action_return()

    def _approval_pending_checked(self):
        self.check_access("read")
        rows = self._approval_pending().with_env(self.env)
        if not rows:
            raise UserError(self.env._("Nothing is waiting for a decision here. Reload the page."))
        return rows

    # ------------------------------------------------------------
    # TO BE DECLARED BY THE MODEL
    # ------------------------------------------------------------

    def _approval_purposes(self):
        """What can be decided on this model.

        :return: ``{purpose: {name, group (xmlid), content, not_creator, distinct_from}}``; `content` lists field names
            and ``(x2many, [field names])`` pairs; `not_creator` (default True) keeps the creator of the document out;
            `distinct_from` names purposes whose decider may not decide this one too
        """
        return {}

    def _approval_hides_content(self, approval):
        """Hook: whether the current user may know of a decision, but not read what was decided about."""
        self.ensure_one()
        return False

    def _approval_independence_reasons(self, purpose, user):
        """Sentences why `user` may not decide; extend with the rules of the model.

        Asked of who decides and, when that is a delegate, of the absent person too.
        """
        self.ensure_one()
        spec = self._approval_purposes().get(purpose, {})
        reasons = []
        pending = self._approval_pending(purpose)
        if pending and pending.requester_id == user:
            reasons.append(self.env._("You submitted this yourself: another person must decide."))
        elif spec.get("not_creator", True) and self.sudo().create_uid == user:
            reasons.append(self.env._("You created this yourself: another person must decide."))
        for other in spec.get("distinct_from", ()):
            earlier = self._approval_current(other)
            if user in earlier.decided_by_id | earlier.decided_for_id:
                reasons.append(
                    self.env._(
                        "You already decided '%(name)s' here: another person must decide.",
                        name=self._approval_purposes()[other]["name"],
                    )
                )
        return reasons

    def _approval_approved(self, approval):
        """Hook: the request was approved. Runs in superuser mode, `env.user` being who decided."""

    def _approval_returned(self, approval):
        """Hook: the request was returned with a reason."""

    def _approval_voided(self, approval):
        """Hook: a bound field changed; the decision is void and has been asked for again."""

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    def _approval_request(self, purpose, users=None, note=None):
        """Ask for a decision on each record and tell those who may decide.

        :param users: named persons who may decide, instead of the role
        :return: the new rows
        :raises UserError: when the same decision is pending already
        """
        spec = self._approval_purposes()[purpose]
        group = self.env.ref(spec["group"]) if spec.get("group") and not users else self.env["res.groups"]
        if self._approval_pending(purpose):
            raise UserError(self.env._("This has been submitted already and waits for a decision."))
        rows = (
            self.env["aftersales.approval"]
            .sudo()
            ._create_protected(
                [
                    dict(
                        record._approval_request_values(purpose),
                        note=note,
                        group_id=group.id,
                        approver_ids=[fields.Command.set(users.ids)] if users else False,
                    )
                    for record in self
                ]
            )
        )
        self._approval_translate(rows)
        self.invalidate_recordset(["approval_ids"])
        rows._clock_start("decide")
        for row in rows:
            row._record()._approval_tell_deciders(row)
        return rows

    def _approval_request_values(self, purpose):
        """Values of a new row that binds the content as it is now, in the next round."""
        self.ensure_one()
        earlier = self.sudo().approval_ids.filtered(lambda row: row.purpose == purpose)
        return {
            "name": self._approval_purposes()[purpose]["name"],
            "purpose": purpose,
            "res_model": self._name,
            "res_id": self.id,
            "company_id": (self.company_id or self.env.company).id,
            "round": max(earlier.mapped("round"), default=0) + 1,
            "requester_id": self.env.uid,
            "date_requested": fields.Datetime.now(),
            "content": self._approval_content(purpose),
            "content_hash": self._approval_hash(purpose),
        }

    def _approval_translate(self, rows):
        """Name the rows in every language: who decides may read another one than who asks."""
        for lang, _name in self.env["res.lang"].get_installed():
            if lang != (self.env.lang or "en_US"):
                purposes = self.with_context(lang=lang)._approval_purposes()
                for purpose, same in rows.with_context(lang=lang).grouped("purpose").items():
                    same._write_protected({"name": purposes[purpose]["name"]})

    def _approval_pending(self, purpose=None):
        """Pending rows of these records (superuser mode)."""
        return self.sudo().approval_ids.filtered(
            lambda row: row.state == "pending" and (not purpose or row.purpose == purpose)
        )

    def _approval_current(self, purpose):
        """The approved row of each record whose fingerprint still equals the content (superuser mode)."""
        rows = self.env["aftersales.approval"].sudo()
        for record in self:
            approved = record.sudo().approval_ids.filtered(
                lambda row: row.state == "approved" and row.purpose == purpose
            )[:1]
            if approved and approved.content_hash == record._approval_hash(purpose):
                rows |= approved
        return rows

    def _approval_rebind(self, rows, approval):
        """Let the decision `approval`, whose very object was a change of bound content, renew the decisions `rows`.

        Each gets a new approved row in the name of who decided `approval`; the earlier rows stay as they are.

        :param rows: what `_approval_current` gave before the change
        """
        for row in rows:
            record = row._record()
            renewed = (
                self.env["aftersales.approval"]
                .sudo()
                ._create_protected(
                    [
                        dict(
                            record._approval_request_values(row.purpose),
                            state="approved",
                            requester_id=approval.requester_id.id,
                            group_id=row.group_id.id,
                            decided_by_id=approval.decided_by_id.id,
                            decided_for_id=approval.decided_for_id.id,
                            date_decided=approval.date_decided,
                            note=approval.name,
                        )
                    ]
                )
            )
            record._approval_translate(renewed)
            record.invalidate_recordset(["approval_ids"])

    def _approval_cancel(self, purpose, reason):
        """Take pending requests back."""
        pending = self._approval_pending(purpose)
        pending._write_protected({"state": "cancelled", "reason": reason})
        pending._clock_stop("decide", reason=reason)
        self._approval_close_activities()

    def _approval_decided(self, approval):
        """Consequences of a decision: the model's hook, the chatter, the asker, the activities."""
        self.ensure_one()
        if approval.state == "approved":
            self._approval_approved(approval)
        else:
            self._approval_returned(approval)
        self._approval_close_activities()
        for pending in self._approval_pending():
            self._approval_plan_activities(pending)
        asker = approval.requester_id
        for_asker = self.with_context(lang=asker.lang)
        template = (
            for_asker.env._("%(name)s of %(document)s: approved (%(signature)s).")
            if approval.state == "approved"
            else for_asker.env._("%(name)s of %(document)s: returned (%(signature)s). %(reason)s")
        )
        body = template % {
            "name": approval.with_context(lang=asker.lang).name,
            "document": self.display_name,
            "signature": approval.signature,
            "reason": approval.reason or "",
        }
        self.message_post(body=body, message_type="notification", subtype_xmlid="mail.mt_note")
        if asker != self.env.user:
            for_asker.message_notify(partner_ids=asker.partner_id.ids, body=body, subject=self.display_name)

    # ------------------------------------------------------------
    # CONTENT
    # ------------------------------------------------------------

    @api.model
    def _approval_bound_fields(self):
        """Names of the fields, lines included, that any decision of this model binds."""
        return {
            entry if isinstance(entry, str) else entry[0]
            for spec in self._approval_purposes().values()
            for entry in spec.get("content", ())
        }

    def _approval_content(self, purpose, lang=None):
        """Canonical content: ``{field: {label, value, text}}``; only `value` goes into the fingerprint.

        :param lang: language of labels and texts, for people; a fingerprint is always taken without one
        """
        self.ensure_one()
        record = self.sudo().with_context(lang=lang, tz=None, active_test=False)
        content = {}
        for entry in self._approval_purposes()[purpose].get("content", ()):
            if isinstance(entry, str):
                content[entry] = canonical(record, entry)
            else:
                name, line_fields = entry
                lines = [{field: canonical(line, field) for field in line_fields} for line in record[name].sorted("id")]
                content[name] = {
                    "label": record._field_label(name),
                    "value": [
                        [line.id, {field: cell["value"] for field, cell in cells.items()}]
                        for line, cells in zip(record[name].sorted("id"), lines, strict=True)
                    ],
                    "text": "; ".join(line_text(cells) for cells in lines),
                }
        return content

    def _approval_hash(self, purpose):
        """SHA-256 over document, purpose and canonical values; a signature cannot be carried to another document."""
        self.ensure_one()
        values = {name: entry["value"] for name, entry in self._approval_content(purpose).items()}
        text = json.dumps([self._name, self.id, purpose, values], sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def _approval_is_saving(self):
        """Whether the document itself is being saved, and will compare its content when its lines are done."""
        return self.env.context.get(_SAVING) is _SAVING_PROOF

    def _approval_open_hashes(self):
        """``{row id: content}`` of the pending and approved rows that fit the content before a write."""
        rows = self.sudo().approval_ids.filtered(lambda row: row.state in ("pending", "approved"))
        return {
            row.id: row._record()._approval_content(row.purpose)
            for row in rows
            if row.content_hash == row._record()._approval_hash(row.purpose)
        }

    def _approval_void_changed(self, before):
        """Void the rows whose bound content differs from what it was before the write, and ask again."""
        for row in self.env["aftersales.approval"].sudo().browse(before):
            record = row._record()
            # A line of the same save may have voided the row and asked again already.
            if row.state not in ("pending", "approved") or row.content_hash == record._approval_hash(row.purpose):
                continue
            what = row._describe_changes(before[row.id], record._approval_content(row.purpose))
            _logger.info("Approval %s of %s(%s) void: %s", row.purpose, row.res_model, row.res_id, what)
            row._write_protected(
                {
                    "state": "void",
                    "voided_by_id": self.env.uid,
                    "date_voided": fields.Datetime.now(),
                    "void_reason": what,
                }
            )
            row._clock_stop("decide", reason=what)
            record._approval_request(row.purpose, users=row.approver_ids, note=what)
            record.message_post(
                body=self.env._(
                    "%(name)s is void, because the content changed, and was asked for again. %(what)s",
                    name=row.name,
                    what=what,
                ),
                subtype_xmlid="mail.mt_note",
            )
            record._approval_voided(row)

    # ------------------------------------------------------------
    # MAILING
    # ------------------------------------------------------------

    def _approval_tell_deciders(self, approval):
        """Message and activity to those who may decide, in their own language."""
        self.ensure_one()
        for user in approval._deciders():
            record = self.sudo().with_context(lang=user.lang)
            record.message_notify(
                partner_ids=user.partner_id.ids,
                subject=record.display_name,
                body=record.env._(
                    "%(person)s asks for your decision: %(name)s of %(document)s.",
                    person=approval.requester_id.name,
                    name=approval.with_context(lang=user.lang).name,
                    document=record.display_name,
                ),
            )
        self._approval_plan_activities(approval)

    def _approval_plan_activities(self, approval):
        for user in approval._deciders():
            if not approval._independence_reasons(user):
                self.sudo().with_context(lang=user.lang).activity_schedule(
                    "aftersales_crm.mail_act_aftersales_approval",
                    user_id=user.id,
                    summary=approval.with_context(lang=user.lang).name,
                    date_deadline=approval.company_id._aftersales_today(),
                )

    def _approval_close_activities(self):
        self.sudo().activity_unlink(["aftersales_crm.mail_act_aftersales_approval"])
