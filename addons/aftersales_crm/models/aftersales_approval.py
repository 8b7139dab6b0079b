import logging

from odoo import api, fields, models
from odoo.exceptions import AccessError, LockError, UserError
from odoo.fields import Domain

_logger = logging.getLogger(__name__)


class AftersalesApproval(models.Model):
    """One request for a decision and, once decided, the signature.

    Rights, each enforced in `decide()`:

    =========  =======================================  =============================================
    Action     Who                                      Not when
    =========  =======================================  =============================================
    Request    the document's own method                a request for the same purpose is pending
    Approve    the frozen role, or the frozen persons,  decided before; content changed since; an
               or their dated delegate                  independence reason of the document holds
    Return     as approve, with a reason                decided before; an independence reason holds
    Write      nobody                                   always
    Delete     nobody                                   always
    =========  =======================================  =============================================

    A decision that lets wait is reminded and climbs by its own clock, `decide` (see the clock policies).
    """

    _name = "aftersales.approval"
    _inherit = ["aftersales.clock.mixin", "aftersales.attached.mixin"]
    _description = "Approval"
    _order = "date_requested desc, id desc"
    _protected_append_only = True
    _allow_sudo_commands = False
    _attached_owner = "aftersales.approval.mixin"

    # Request
    name = fields.Char(string="Decision About", required=True, translate=True)
    purpose = fields.Char(required=True, help="Technical name of what is decided.")
    company_id = fields.Many2one("res.company", required=True, index=True)
    round = fields.Integer(required=True, default=1)
    requester_id = fields.Many2one("res.users", string="Asked By", required=True, index=True)
    date_requested = fields.Datetime(string="Asked On", required=True)
    note = fields.Text()
    group_id = fields.Many2one("res.groups", string="Role That Decides", help="Frozen when asked.")
    approver_ids = fields.Many2many("res.users", string="Persons Who Decide", help="Frozen when asked.")

    # Content
    content = fields.Json(help="What was asked about, in canonical form.", groups=fields.NO_ACCESS)
    content_hash = fields.Char(string="Fingerprint", help="SHA-256 of the canonical content that the decision binds.")
    summary = fields.Text(string="What Is Decided", compute="_compute_summary")
    changes = fields.Text(string="Changed Since the Last Round", compute="_compute_changes")

    # Decision
    state = fields.Selection(
        [
            ("pending", "Waiting"),
            ("approved", "Approved"),
            ("returned", "Returned"),
            ("void", "Void"),
            ("cancelled", "Taken back"),
        ],
        required=True,
        default="pending",
        index=True,
    )
    decided_by_id = fields.Many2one("res.users", index="btree_not_null")
    decided_for_id = fields.Many2one("res.users", string="In the Name Of", help="The absent person, when delegated.")
    date_decided = fields.Datetime(string="Decided On")
    reason = fields.Text()
    exception_reason = fields.Text(
        string="Exception", help="Why the same person was allowed to decide although the rule asks for another one."
    )
    signature = fields.Char(compute="_compute_signature")
    voided_by_id = fields.Many2one("res.users")
    date_voided = fields.Datetime(string="Voided On")
    void_reason = fields.Text(string="Void Because")

    # For the user who looks
    can_decide = fields.Boolean(compute="_compute_can_decide", search="_search_can_decide")
    cannot_decide_reason = fields.Text(string="Why Not", compute="_compute_can_decide")

    _pending_uniq = models.UniqueIndex(
        "(res_model, res_id, purpose) WHERE state = 'pending'", "This decision has already been asked for."
    )
    _document_idx = models.Index("(res_model, res_id, purpose, state)")

    @api.depends("name", "res_model", "res_id")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for approval in self:
            approval.display_name = f"{approval.name}: {approval.record_name or ''}"

    @api.depends("content")
    @api.depends_context("lang", "uid")
    def _compute_summary(self):
        for approval in self:
            entries = {} if approval._hides_content() else approval._content_for_people()
            approval.summary = "\n".join(
                f"{entry['label']}: {entry['text']}" for entry in entries.values() if entry["text"]
            )

    @api.depends("content")
    @api.depends_context("lang", "uid")
    def _compute_changes(self):
        for approval in self:
            if approval._hides_content():
                approval.changes = False
                continue
            before = approval.sudo().search(
                [
                    ("res_model", "=", approval.res_model),
                    ("res_id", "=", approval.res_id),
                    ("purpose", "=", approval.purpose),
                    ("round", "<", approval.round),
                ],
                order="round desc",
                limit=1,
            )
            approval.changes = approval._describe_changes(before.content, approval.sudo().content) if before else False

    @api.depends("state", "decided_by_id", "decided_for_id", "date_decided")
    def _compute_signature(self):
        for approval in self:
            if not approval.decided_by_id:
                approval.signature = False
                continue
            values = {
                "person": approval.decided_by_id.sudo().name,
                "time": approval.company_id.sudo()._aftersales_local(approval.date_decided).strftime("%Y-%m-%d %H:%M"),
            }
            if approval.decided_for_id:
                approval.signature = self.env._(
                    "for %(absent)s by %(person)s, %(time)s", absent=approval.decided_for_id.sudo().name, **values
                )
            else:
                approval.signature = self.env._("%(person)s, %(time)s", **values)

    @api.depends_context("uid")
    @api.depends("state", "group_id", "approver_ids")
    def _compute_can_decide(self):
        reasons = self._cannot_decide_reasons()
        for approval in self:
            approval.can_decide = not reasons[approval.id]
            approval.cannot_decide_reason = "\n".join(reasons[approval.id])

    def _search_can_decide(self, operator, value):
        if operator != "in":
            return NotImplemented
        user = self.env.user
        domains = []
        by_company = {company.id: user for company in user.company_ids}
        for company_id, delegators in self.env["aftersales.delegation"]._delegators_of(user).items():
            by_company[company_id] = by_company.get(company_id, self.env["res.users"]) | delegators
        for company_id, persons in by_company.items():
            persons_sudo = persons.sudo()
            domains.append(
                Domain("company_id", "=", company_id)
                & (
                    Domain("approver_ids", "in", persons.ids)
                    | (Domain("approver_ids", "=", False) & Domain("group_id", "in", persons_sudo.all_group_ids.ids))
                )
            )
        return Domain("state", "=", "pending") & Domain.OR(domains)

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_approve(self):
        """Approve the requests, each in the current user's own name or that of who delegated."""
        self.decide("approved")
        return True

    def action_return(self):
        """Ask for the reason, then return the requests."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Return with a Reason"),
            "res_model": "aftersales.approval.decision",
            "view_mode": "form",
            "target": "new",
            "context": {"default_approval_ids": self.ids, "default_decision": "returned"},
        }

    def decide(self, decision, reason=None, exception_reason=None):
        """Decide pending requests.

        :param str decision: ``approved`` or ``returned``
        :param str reason: why; mandatory when returned
        :param str exception_reason: why an independence rule is set aside, in a store that allows exceptions
        :raises UserError: when a request is decided already, in other hands at this moment, or its content changed
        :raises AccessError: when the current user may not decide it, with all the reasons
        """
        if decision not in ("approved", "returned"):
            raise UserError(self.env._("A decision is either 'approved' or 'returned'."))
        if decision == "returned" and not (reason or "").strip():
            raise UserError(self.env._("Say why it is returned, so that it can be mended."))
        self.check_access("read")
        self._lock()
        reasons = self._cannot_decide_reasons()
        for approval in self.sudo().with_env(self.env(su=True)):
            exception = approval._check_decidable(reasons[approval.id], exception_reason)
            if decision == "approved" and approval.content_hash != approval._record()._approval_hash(approval.purpose):
                raise UserError(
                    self.env._(
                        "%(document)s was changed after it was submitted. Look at it again: it has to be submitted anew.",
                        document=approval.record_name,
                    )
                )
            approval._write_protected(
                {
                    "state": decision,
                    "decided_by_id": self.env.uid,
                    "decided_for_id": approval._absent_person(self.env.user).id,
                    "date_decided": fields.Datetime.now(),
                    "reason": (reason or "").strip() or False,
                    "exception_reason": exception,
                }
            )
            approval._clock_stop("decide")
            approval._record()._approval_decided(approval)
        return True

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    def _lock(self):
        """Two persons deciding at the same moment: one gets the row, the other a clear sentence."""
        try:
            self.sudo().lock_for_update()
        except LockError as error:
            raise UserError(
                self.env._("Somebody else is deciding this at this very moment. Open it again to see the decision.")
            ) from error
        self.invalidate_recordset(["state"])

    def _check_decidable(self, reasons, exception_reason):
        """:return: the exception reason to record, or False
        :raises AccessError: with the reasons why not"""
        if not reasons:
            return False
        only_independence = set(reasons) <= set(self._independence_reasons(self.env.user))
        if only_independence and self.company_id.aftersales_allow_exceptions and (exception_reason or "").strip():
            return exception_reason.strip()
        _logger.warning(
            "Refused decision %s on %s(%s) by user %s: %s",
            self.purpose,
            self.res_model,
            self.res_id,
            self.env.uid,
            "; ".join(reasons),
        )
        raise AccessError("\n".join(reasons))

    def _cannot_decide_reasons(self):
        """Why the current user may not decide each request.

        The one source for buttons, the inbox and the server's check.

        :return: ``{approval id: [sentence]}``, empty list: may decide
        """
        user = self.env.user
        states = dict(self._fields["state"]._description_selection(self.env))
        result = {}
        for approval in self.sudo():
            reasons = []
            if approval.state != "pending":
                reasons.append(
                    self.env._(
                        "%(name)s is no longer waiting: %(state)s. %(signature)s",
                        name=approval.name,
                        state=states.get(approval.state),
                        signature=approval.signature or "",
                    ).strip()
                )
            elif not approval._persons_of(user):
                reasons.append(
                    self.env._(
                        "%(name)s is decided by: %(who)s.",
                        name=approval.name,
                        who=", ".join(approval.approver_ids.mapped("name")) or approval.group_id.name,
                    )
                )
            if approval.state == "pending" and approval.res_model in self.env:
                reasons += approval._independence_reasons(user)
            result[approval.id] = reasons
        return result

    def _independence_reasons(self, user):
        """Why `user` is not independent enough to decide this, or the absent person in whose name they would.

        A signature "for A by B" needs both to be independent: B acts, but A's right is what is used (DOMAIN.md,
        section 1).

        :return: list of sentences; empty when the rules of independence let `user` decide
        """
        self.ensure_one()
        record = self._record()
        reasons = list(record._approval_independence_reasons(self.purpose, user))
        absent = self._absent_person(user)
        if absent and record._approval_independence_reasons(self.purpose, absent):
            reasons.append(
                self.env._(
                    "%(absent)s took part in this: nobody can decide it in their name. "
                    "Another person with the right to decide must do it.",
                    absent=absent.name,
                )
            )
        return reasons

    def _persons_of(self, user):
        """The entitled persons in whose name `user` may decide: themselves, or those who delegated to them."""
        self.ensure_one()
        persons = user | self.env["aftersales.delegation"]._delegators_of(user, self.company_id).get(
            self.company_id.id, self.env["res.users"]
        )
        return persons.sudo().filtered(
            lambda person: (
                self.company_id in person.company_ids
                and (person in self.approver_ids if self.approver_ids else self.group_id in person.all_group_ids)
            )
        )

    def _absent_person(self, user):
        """The person in whose name `user` decides, empty when in their own.

        Of several who delegated, one who is independent of the document comes first.
        """
        persons = self._persons_of(user)
        if user in persons:
            return self.env["res.users"]
        record = self._record()
        independent = persons.filtered(lambda person: not record._approval_independence_reasons(self.purpose, person))
        return (independent or persons)[:1]

    def _clock_recipients(self, role):
        return self._deciders() if role == "owner" else super()._clock_recipients(role)

    def _clock_notice_record(self):
        return self._record()

    def _deciders(self):
        """Users to tell of a pending request: named persons, else the direct members of the role, and delegates."""
        self.ensure_one()
        users = self.approver_ids or self.group_id.user_ids
        users = users.filtered(lambda user: user.active and not user.share and self.company_id in user.company_ids)
        today = self.company_id._aftersales_today()
        delegations = self.env["aftersales.delegation"].search(
            [
                ("delegator_id", "in", users.ids),
                ("company_id", "=", self.company_id.id),
                ("date_from", "<=", today),
                ("date_to", ">=", today),
            ]
        )
        return users | delegations.delegate_id

    def _hides_content(self):
        """Whether the document keeps from the current user what was decided about; it never does from the server."""
        record = self._record()
        return not self.env.su and bool(record.exists()) and record._approval_hides_content(self)

    def _content_for_people(self, content=None):
        """The content in the order of its declaration, with labels in the reader's language.

        What still stands on the document is read from there, in the reader's language too.

        :param content: another canonical content of the same document and purpose, this row's by default
        """
        self.ensure_one()
        content = content if content is not None else self.sudo().content or {}
        record = self._record().sudo()
        live = {}
        if record.exists():
            live = record._approval_content(self.purpose, lang=self.env.lang)
        names = [name for name in live if name in content] + [name for name in content if name not in live]
        result = {}
        for name in names:
            entry = dict(content[name])
            if name in live:
                entry["label"] = live[name]["label"]
                if live[name]["value"] == entry["value"]:
                    entry["text"] = live[name]["text"]
            result[name] = entry
        return result

    def _describe_changes(self, before, after):
        """What differs between two canonical contents, one line a field, for people."""
        lines = []
        before = self._content_for_people(before or {})
        for name, new in self._content_for_people(after or {}).items():
            old = before.get(name, {})
            if old.get("value") != new["value"]:
                lines.append(f"{new['label']}: {old.get('text') or '–'} → {new.get('text') or '–'}")
        return "\n".join(lines)
