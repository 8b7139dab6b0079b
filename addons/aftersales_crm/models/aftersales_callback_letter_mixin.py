from urllib.parse import quote

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import html2plaintext

LETTER_STATES = [
    ("to_send", "To Send"),
    ("sent", "Sent by E-mail"),
    ("sms", "Sent by SMS"),
    ("printed", "Printed"),
]


class AftersalesCallbackLetterMixin(models.AbstractModel):
    """“We missed you” to customers who could not be reached: by e-mail at once, else by SMS or as a printed letter.

    The wording is in mail templates and in the letter's report, in the customer's language. Nothing goes out on a
    channel that the customer has refused.
    """

    _name = "aftersales.callback.letter.mixin"
    _description = "Callback: Letter to the Unreachable"
    _inherit = ["aftersales.protected.mixin"]
    _protected_fields = frozenset({"letter_state", "date_letter"})

    letter_state = fields.Selection(LETTER_STATES, "Letter", readonly=True, copy=False, index="btree_not_null")
    date_letter = fields.Datetime("Letter Sent On", readonly=True, copy=False)

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_print_letter(self):
        """Print the letter to customers who could not be reached."""
        unreachable = self._check_letter()
        unreachable.filtered(lambda c: c.letter_state not in ("sent", "sms"))._do_letter("printed")
        return self.env.ref("aftersales_crm.action_report_callback_letter").report_action(unreachable)

    def action_send_sms(self):
        """Open the SMS with its text filled in, on the phone or the computer's phone program; it counts as sent."""
        self.ensure_one()
        self._check_letter()
        consent = self.env["aftersales.consent"].with_company(self.company_id)
        if consent._blocked_partners(self.partner_id, channel="sms"):
            raise UserError(
                self.env._(
                    "%(customer)s does not want to get SMS. Print the letter.", customer=self.partner_id.display_name
                )
            )
        values = self._prepare_call_customer()
        if not values["dial"]:
            raise UserError(
                self.env._("%(customer)s has no phone number. Print the letter.", customer=self.partner_id.display_name)
            )
        # The whole number goes to the phone program: the ledger of the file floor says so.
        self._note_number_shown()
        self._do_letter("sms")
        return {
            "type": "ir.actions.act_url",
            "url": f"sms:{values['dial']}?body={quote(self._sms_text())}",
            "target": "self",
        }

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    def _check_letter(self):
        """Return the unreachable ones; the letter is for nobody else."""
        self.check_access("write")
        self._check_caller_group()
        unreachable = self.filtered(lambda c: c.state == "unreachable")
        if not unreachable:
            raise UserError(self.env._("The letter is for customers who could not be reached; none is selected."))
        return unreachable

    def _do_letter(self, state):
        self._write_protected({"letter_state": state, "date_letter": fields.Datetime.now()})

    def _sms_text(self):
        self.ensure_one()
        # Sudoed: a template reads what it shows, whatever its reader may see of the customer elsewhere.
        template_sudo = self.env.ref("aftersales_crm.mail_template_callback_unreachable_sms").sudo()
        return html2plaintext(template_sudo._render_field("body_html", self.ids, compute_lang=True)[self.id]).strip()

    def _send_letters(self):
        """E-mail the letter where the customer has an address and did not refuse mail; the others wait to be sent."""
        template = self.env.ref("aftersales_crm.mail_template_callback_unreachable", raise_if_not_found=False)
        for callback in self:
            consent = self.env["aftersales.consent"].with_company(callback.company_id)
            refused = consent._blocked_partners(callback.partner_id, channel="email")
            if template and callback.partner_id.email and not refused:
                template.sudo().with_company(callback.company_id).send_mail(callback.id)
                callback._do_letter("sent")
            else:
                callback._write_protected({"letter_state": "to_send"})
