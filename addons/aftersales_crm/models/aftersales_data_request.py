import base64
import json

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

# Who answers what a person asks of their data, and hands the copy over
ANSWER_GROUPS = "aftersales_crm.group_aftersales_manager,aftersales_crm.group_aftersales_gm"
_PAGE_STYLE = Markup(
    "body{font:14px sans-serif;margin:2em;max-width:70em}h2{font-size:1.1em;margin-top:1.5em}"
    "table{border-collapse:collapse;width:100%}th,td{border:1px solid #bbb;padding:.3em;text-align:left;"
    "vertical-align:top;overflow-wrap:anywhere;white-space:pre-line}th{background:#eee}"
)


class AftersalesDataRequest(models.Model):
    """What a person asks of their own data: a copy, a correction, the deletion.

    ============  ==========================================  ====================================
    Action        Role                                        Restriction
    ============  ==========================================  ====================================
    take in       advisor, consultant, archivist
    carry out     service manager, general manager            has not taken the request in
    refuse        service manager, general manager            with a reason, has not taken the request in
    delete        nobody
    ============  ==========================================  ====================================

    The person is told the answer by e-mail; without an address the request says that somebody has to tell it. A copy is
    as good as an export: it is written down, marked with name and time, and read by who answers requests alone.

    Repair records are kept by duty. A person who asks for deletion before that time is over is *stored only*: not
    called, not exported, and erased by the scheduled action when the time has come.
    """

    _name = "aftersales.data.request"
    _description = "Request About Personal Data"
    _inherit = ["aftersales.protected.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "id desc"
    _check_company_auto = True
    _protected_fields = frozenset(
        {"name", "state", "user_id", "done_by_id", "date_done", "answer", "copy_file", "copy_page"}
    )

    name = fields.Char("Number", readonly=True, copy=False, default="/")
    partner_id = fields.Many2one("res.partner", "Person Who Asks", required=True, index=True, ondelete="restrict")
    kind = fields.Selection(
        [
            ("copy", "Copy"),
            ("correction", "Correction"),
            ("withdrawal", "Withdrawal of consent"),
            ("deletion", "Deletion"),
        ],
        required=True,
        default="copy",
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
    copy_file = fields.Binary("Copy for Programs", attachment=True, readonly=True, copy=False, groups=ANSWER_GROUPS)
    copy_name = fields.Char(compute="_compute_copy_name")
    copy_page = fields.Binary(
        "Copy to Read",
        attachment=True,
        readonly=True,
        copy=False,
        groups=ANSWER_GROUPS,
        help="A page to print or to send.",
    )
    copy_page_name = fields.Char(compute="_compute_copy_name")
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
            request.copy_page_name = f"{request.name}.html"

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
        """Do what the person asked for: write the copy, confirm the correction, withdraw consent, or store only."""
        for request in self:
            request._check_answerable()
            request._do_answer("done", getattr(request, f"_do_{request.kind}")())
        return True

    def action_refuse(self, reason=None):
        """Refuse the request with the reason that the person is told. Open the dialog when no reason is given."""
        for request in self:
            request._check_answerable()
        if reason is None:
            return {
                "type": "ir.actions.act_window",
                "name": self.env._("Refuse with a Reason"),
                "res_model": "aftersales.data.request.refusal",
                "view_mode": "form",
                "target": "new",
                "context": {"default_request_ids": self.ids},
            }
        reason = reason.strip() if isinstance(reason, str) else ""
        if not reason:
            raise UserError(self.env._("Say why the request is refused: the person is told."))
        for request in self:
            request._do_answer("refused", lambda _request: reason)
        return True

    def _check_answerable(self):
        self.ensure_one()
        self.check_access("write")
        if not self.env.user.has_groups(ANSWER_GROUPS):
            raise UserError(self.env._("The service manager or the general manager answers such a request."))
        if self.state != "received":
            raise UserError(self.env._("%(request)s is answered already.", request=self.name))
        if self.user_id == self.env.user:
            raise UserError(self.env._("You took %(request)s in yourself: another person answers.", request=self.name))

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    def _do_answer(self, state, words):
        """Close the request and tell the person.

        :param words: function of the request in a reader's language, that returns the answer
        """
        self.ensure_one()
        self._write_protected(
            {"state": state, "answer": words(self), "done_by_id": self.env.uid, "date_done": fields.Datetime.now()}
        )
        self._tell_person(words)

    def _tell_person(self, words):
        """Tell the person the answer by e-mail, in their language; where there is no address, say so on the request."""
        request = self.with_context(lang=self.partner_id.lang or self.env.lang)
        subject = request.env._("Your request %(number)s about your personal data", number=self.name)
        template = (
            request.env._("We carried out your request of %(date)s (%(kind)s). %(answer)s")
            if self.state == "done"
            else request.env._(
                "We cannot carry out your request of %(date)s (%(kind)s). Reason: %(answer)s "
                "You may complain to the store or to the authority for the protection of personal data."
            )
        )
        body = template % {
            "date": format_date(request.env, self.date_received),
            "kind": request._selection_label("kind"),
            "answer": words(request),
        }
        # Sudoed: the address stays with the server
        partner_sudo = self.partner_id.sudo()
        if partner_sudo.email:
            self.message_post(body=body, subject=subject, partner_ids=partner_sudo.ids, subtype_xmlid="mail.mt_comment")
        else:
            note = self.env._("There is no e-mail address: tell the person by letter or by phone.")
            self._message_log(body=Markup("%s<br/>%s") % (note, body))
        partner_sudo._message_log(
            body=self.env._(
                "Request %(number)s (%(kind)s): %(state)s.",
                number=self.name,
                kind=self._selection_label("kind"),
                state=self._selection_label("state"),
            )
        )

    def _do_copy(self):
        content = self.partner_id.sudo()._aftersales_personal_data(self.company_id)
        rows = sum(map(len, content.values()))
        now = self.company_id._aftersales_local(fields.Datetime.now()).strftime("%Y-%m-%d %H:%M:%S")
        mark = {
            self.env._("Store"): self.company_id.name,
            self.env._("Request"): self.name,
            self.env._("Written by"): self.env.user.name,
            self.env._("Written on"): now,
        }
        text = json.dumps({"about": [mark], **content}, ensure_ascii=False, indent=2, default=str)
        page = self._get_copy_page({"about": [mark], **content})
        self._write_protected(
            {"copy_file": base64.b64encode(text.encode()), "copy_page": base64.b64encode(page.encode())}
        )
        self.env["aftersales.export.log"].sudo()._create_protected(
            [
                {
                    "user_id": self.env.uid,
                    "res_model": "res.partner",
                    "field_names": self.env._("Copy of all personal data, request %(number)s", number=self.name),
                    "row_count": rows,
                    "company_id": self.company_id.id,
                }
            ]
        )
        return lambda request: request.env._("The copy is ready to be handed over: %(count)s entries.", count=rows)

    def _get_copy_page(self, content):
        """The copy as a page that a person reads: a heading a section, a table of its rows; sections without rows say so."""
        names = self.partner_id.sudo()._aftersales_section_names()
        parts = [Markup("<h1>%s</h1>") % self.env._("What We Keep of %(name)s", name=self.partner_id.name)]
        for section, rows in content.items():
            parts.append(Markup("<h2>%s (%s)</h2>") % (names.get(section, section), len(rows)))
            if not rows:
                continue
            head = Markup().join(Markup("<th>%s</th>") % label for label in rows[0])
            body = Markup().join(
                Markup("<tr>%s</tr>") % Markup().join(Markup("<td>%s</td>") % value for value in row.values())
                for row in rows
            )
            parts.append(Markup("<table><tr>%s</tr>%s</table>") % (head, body))
        return Markup(
            "<!DOCTYPE html><html><head><meta charset='utf-8'><style>%s</style></head><body>%s</body></html>"
        ) % (
            _PAGE_STYLE,
            Markup().join(parts),
        )

    def _do_correction(self):
        return lambda request: request.env._("Corrected.")

    def _do_withdrawal(self):
        reason = self.env._("Request %(number)s", number=self.name)
        consents_sudo = self.env["aftersales.consent"].sudo().with_company(self.company_id)
        given = consents_sudo.search(
            [
                ("partner_id", "=", self.partner_id.id),
                ("company_id", "=", self.company_id.id),
                ("state", "=", "given"),
            ]
        )
        given._do_withdraw(reason)
        # Who never gave one, but was asked at a hand-over, is called no more either
        consents_sudo._withdraw(self.partner_id.sudo(), "callback", "phone", reason)
        return lambda request: request.env._("Consents withdrawn: %(count)s. Nobody calls any more.", count=len(given))

    def _do_deletion(self):
        company = self.company_id
        until = self.partner_id.sudo()._aftersales_store_only(company)
        if until <= company._aftersales_today():
            return lambda request: request.env._("No record is kept by duty: everything is erased after today.")
        return lambda request: request.env._(
            "The records of visits and of what belongs to them are kept by duty for %(years)s years, until %(date)s. Until "
            "then the data are stored only: no call, no export. After that day name, numbers, addresses, words and papers "
            "are erased.",
            years=company.aftersales_retention_years,
            date=format_date(request.env, until),
        )
