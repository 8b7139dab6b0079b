from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.finding import name_grams, sql_holding
from ..tools.masking import mask_identity, mask_phone
from ..tools.phone import phone_digits
from .aftersales_consent import PURPOSES

# Roles that need a number for their work. Everybody else works with the masked one.
REVEAL_GROUPS = (
    "aftersales_crm.group_aftersales_advisor,aftersales_crm.group_aftersales_crc,"
    "aftersales_crm.group_aftersales_archivist,aftersales_crm.group_aftersales_gm"
)
CARD_GROUPS = "aftersales_crm.group_aftersales_user"


class ResPartner(models.Model):
    """The customer card: what the store knows of the person, the masked numbers and the wish not to be called."""

    _name = "res.partner"
    _inherit = ["res.partner", "aftersales.protected.mixin", "aftersales.masked.number.mixin"]
    _protected_fields = frozenset(
        {"aftersales_do_not_call", "aftersales_do_not_call_date", "aftersales_do_not_call_reason"}
    )

    aftersales_occupation = fields.Char("Occupation or Trade", groups=CARD_GROUPS, copy=False)
    aftersales_birth_date = fields.Date("Birth Date", groups=CARD_GROUPS, copy=False)
    aftersales_identity_number = fields.Char(
        "ID or Company Number",
        groups="aftersales_crm.group_aftersales_advisor,aftersales_crm.group_aftersales_archivist",
        copy=False,
    )
    aftersales_identity_masked = fields.Char(
        "ID or Company Number (Masked)", compute="_compute_aftersales_masked", compute_sudo=True, groups=CARD_GROUPS
    )
    aftersales_mailing_address = fields.Char("Mailing Address", groups=CARD_GROUPS, copy=False)
    aftersales_mailing_phone = fields.Char("Mailing Phone", groups=REVEAL_GROUPS, copy=False)
    aftersales_mailing_phone_masked = fields.Char(
        "Mailing Phone (Masked)", compute="_compute_aftersales_masked", compute_sudo=True, groups=CARD_GROUPS
    )
    aftersales_phone_masked = fields.Char(
        "Phone (Masked)", compute="_compute_aftersales_masked", compute_sudo=True, groups=CARD_GROUPS
    )
    aftersales_do_not_call = fields.Boolean("Do Not Call", readonly=True, copy=False, groups="base.group_user")
    aftersales_do_not_call_date = fields.Datetime("Do Not Call since", readonly=True, copy=False, groups=CARD_GROUPS)
    aftersales_do_not_call_reason = fields.Char("Do Not Call: Reason", readonly=True, copy=False, groups=CARD_GROUPS)
    aftersales_consent_ids = fields.One2many("aftersales.consent", "partner_id", "Consents", groups=CARD_GROUPS)
    aftersales_preference_ids = fields.One2many(
        "aftersales.preference", "partner_id", "Preferences", groups=CARD_GROUPS
    )
    aftersales_vehicle_ids = fields.One2many("aftersales.vehicle", "partner_id", "Vehicles", groups=CARD_GROUPS)
    aftersales_timeline_ids = fields.One2many(
        "aftersales.timeline", "partner_id", "Timeline", readonly=True, groups=CARD_GROUPS
    )
    aftersales_new_phone = fields.Char(
        "New Phone",
        compute="_compute_aftersales_new_phone",
        inverse="_inverse_aftersales_new_phone",
        groups=REVEAL_GROUPS,
        help="Write the number here to set or replace it. The number on the card stays masked.",
    )
    aftersales_new_identity = fields.Char(
        "New ID or Company Number",
        compute="_compute_aftersales_new_phone",
        inverse="_inverse_aftersales_new_identity",
        groups="aftersales_crm.group_aftersales_advisor,aftersales_crm.group_aftersales_archivist",
    )
    aftersales_phone_digits = fields.Char(
        compute="_compute_aftersales_phone_digits",
        store=True,
        index="trigram",
        copy=False,
        groups=fields.NO_ACCESS,
        help="The numbers of the card as they are found again, for the server alone.",
    )
    aftersales_name_grams = fields.Char(
        compute="_compute_aftersales_name_grams",
        store=True,
        index="trigram",
        copy=False,
        groups=fields.NO_ACCESS,
        help="The ends of the name, by which one or two characters are found.",
    )
    aftersales_find = fields.Char(
        "Name or Phone", compute="_compute_aftersales_find", search="_search_aftersales_find", groups=CARD_GROUPS
    )
    aftersales_has_phone = fields.Boolean(
        "Has a Phone",
        compute="_compute_aftersales_has_phone",
        compute_sudo=True,
        search="_search_aftersales_has_phone",
        groups=CARD_GROUPS,
    )
    aftersales_vehicle_count = fields.Integer(
        "Vehicle Count", compute="_compute_aftersales_vehicle_count", groups=CARD_GROUPS
    )

    # Who is meant by the phones of an import
    _aftersales_phone_idx = models.Index("(phone) WHERE phone IS NOT NULL")
    _aftersales_phone_sanitized_idx = models.Index("(phone_sanitized) WHERE phone_sanitized IS NOT NULL")
    # Any fragment of a name, in the search box of files and customers
    _aftersales_name_trgm = models.Index(
        lambda registry: "USING gin (name gin_trgm_ops)" if registry.has_trigram else ""
    )

    # ------------------------------------------------------------
    # MASKED NUMBERS
    # ------------------------------------------------------------

    @api.model
    def _masked_numbers(self):
        return super()._masked_numbers() | {
            "phone": mask_phone,
            "phone_sanitized": mask_phone,
            "aftersales_mailing_phone": mask_phone,
            "aftersales_identity_number": mask_identity,
        }

    def write(self, vals):
        return super().write(self._write_numbers(vals))

    def _get_store_avatar_card_fields(self, target):
        names = super()._get_store_avatar_card_fields(target)
        return [name for name in names if name != "phone"] if self._hides_numbers() else names

    # ------------------------------------------------------------
    # COMPUTES
    # ------------------------------------------------------------

    @api.depends("phone", "aftersales_mailing_phone", "aftersales_identity_number")
    def _compute_aftersales_masked(self):
        for partner in self:
            partner.aftersales_phone_masked = mask_phone(partner.phone)
            partner.aftersales_mailing_phone_masked = mask_phone(partner.aftersales_mailing_phone)
            partner.aftersales_identity_masked = mask_identity(partner.aftersales_identity_number)

    @api.depends("phone", "aftersales_mailing_phone")
    def _compute_aftersales_phone_digits(self):
        for partner in self:
            numbers = (phone_digits(partner.phone), phone_digits(partner.aftersales_mailing_phone))
            partner.aftersales_phone_digits = " ".join(filter(None, numbers)) or False

    @api.depends("name")
    def _compute_aftersales_name_grams(self):
        for partner in self:
            partner.aftersales_name_grams = name_grams(partner.name) or False

    def _compute_aftersales_new_phone(self):
        self.aftersales_new_phone = False
        self.aftersales_new_identity = False

    def _inverse_aftersales_new_phone(self):
        for partner in self.filtered("aftersales_new_phone"):
            number = partner.aftersales_new_phone.strip()
            partner.phone = partner._phone_format(number=number, force_format="INTERNATIONAL") or number

    def _inverse_aftersales_new_identity(self):
        for partner in self.filtered("aftersales_new_identity"):
            partner.aftersales_identity_number = partner.aftersales_new_identity.strip()

    def _compute_aftersales_find(self):
        self.aftersales_find = False

    @api.model
    def _search_aftersales_find(self, operator, value):
        if operator not in ("ilike", "like") or not isinstance(value, str):
            return NotImplemented
        return Domain("id", "in", SQL("(%s)", self._aftersales_find_persons(value)))

    @api.model
    def _search_phone_mobile_search(self, operator, value):
        """Odoo's own phone search compares by any operator and pattern, which tells a number by halves.

        Who reads masks finds by a fragment of three digits or more, as in the search box.
        """
        if not self._hides_numbers():
            return super()._search_phone_mobile_search(operator, value)
        texts = [value] if operator in ("ilike", "like") else value if operator == "in" else None
        if texts is None:
            return NotImplemented
        domains = []
        for text in texts:
            if not isinstance(text, str):
                domains.append(Domain("aftersales_has_phone", "=", bool(text)))
            elif len(digits := phone_digits(text)) >= 3:
                held = sql_holding(self, {"aftersales_phone_digits": digits})
                domains.append(Domain("id", "in", SQL("(%s)", SQL(" UNION ").join(held))))
            else:
                raise UserError(self.env._("Enter at least three digits of the number."))
        return Domain.OR(domains)

    @api.depends("phone")
    def _compute_aftersales_has_phone(self):
        for partner in self:
            partner.aftersales_has_phone = bool(partner.phone)

    @api.model
    def _search_aftersales_has_phone(self, operator, value):
        if operator != "in":
            return NotImplemented
        # Sudoed: that there is a number is no secret, the number is
        return Domain("id", "in", self.sudo().with_context(active_test=False)._search([("phone", "!=", False)]))

    @api.depends("aftersales_vehicle_ids")
    def _compute_aftersales_vehicle_count(self):
        counts = dict(
            self.env["aftersales.vehicle"]._read_group([("partner_id", "in", self.ids)], ["partner_id"], ["__count"])
        )
        for partner in self:
            partner.aftersales_vehicle_count = counts.get(partner._origin, 0)

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_aftersales_reveal_phone(self, purpose):
        """Return the phone number and write down who asked for it and what for."""
        return self._aftersales_reveal("phone", purpose)

    def action_aftersales_reveal_mailing_phone(self, purpose):
        """Return the phone number of the mailing address and write down who asked for it and what for."""
        return self._aftersales_reveal("mailing_phone", purpose)

    def action_aftersales_reveal_identity(self, purpose):
        """Return the identity or company number and write down who asked for it and what for."""
        return self._aftersales_reveal("identity", purpose)

    def action_aftersales_open_reveal(self):
        """Open the dialog that asks what the number is needed for."""
        self._aftersales_check_card_right()
        if not self:
            raise UserError(self.env._("Nobody is entered here, so there is no number to show."))
        return self._aftersales_open_dialog("aftersales.reveal.wizard", self.env._("Show Number"))

    def action_aftersales_open_wish(self):
        """Open the dialog for do-not-call and consent."""
        self._aftersales_check_card_right()
        return self._aftersales_open_dialog("aftersales.contact.wish", self.env._("Wish How to Be Reached"))

    def action_aftersales_view_vehicles(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Vehicle Files"),
            "res_model": "aftersales.vehicle",
            "view_mode": "list,kanban,form",
            "domain": [("partner_id", "=", self.id)],
            "context": {"default_partner_id": self.id},
        }

    def action_aftersales_do_not_call(self, reason):
        """Never call these persons again, from this moment on."""
        self._aftersales_check_card_right()
        reason = (reason or "").strip()
        if not reason:
            raise UserError(self.env._("Write down the reason for not calling, in the customer's words."))
        self._aftersales_set_do_not_call(reason)
        return True

    def action_aftersales_allow_calls(self, reason):
        """Lift do-not-call on the person's own wish."""
        self._aftersales_check_card_right()
        reason = (reason or "").strip()
        if not reason:
            raise UserError(self.env._("Write down how and when the customer allowed calls again."))
        barred_sudo = self.sudo().filtered("aftersales_do_not_call")
        barred_sudo._write_protected(
            {
                "aftersales_do_not_call": False,
                "aftersales_do_not_call_date": False,
                "aftersales_do_not_call_reason": False,
            }
        )
        for partner in barred_sudo:
            partner._message_log(body=self.env._("Calls are allowed again: %(reason)s", reason=reason))
        return True

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    def _aftersales_set_do_not_call(self, reason):
        free_sudo = self.sudo().filtered(lambda partner: not partner.aftersales_do_not_call)
        free_sudo._write_protected(
            {
                "aftersales_do_not_call": True,
                "aftersales_do_not_call_date": fields.Datetime.now(),
                "aftersales_do_not_call_reason": reason,
            }
        )
        for partner in free_sudo:
            partner._message_log(body=self.env._("Do not call: %(reason)s", reason=reason))
        partners = free_sudo.with_env(self.env)
        for purpose, _label in PURPOSES:
            partners._aftersales_consent_withdrawn(purpose, "phone")

    @api.model
    def _aftersales_find_persons(self, text):
        """Return the query (`SQL`, one column of ids) of the persons, archived ones too, whose name or phone holds the text.

        It looks at the bare columns: who may read a document finds it by name and phone, the number stays masked.
        """
        letters = "".join(text.split()).lower()
        if 0 < len(letters) < 3:
            parts = sql_holding(self, {"aftersales_name_grams": f" {letters}"})
        else:
            parts = sql_holding(self, {"name": text})
        digits = phone_digits(text)
        if len(digits) >= 3 and not any(char.isalpha() for char in text):
            parts += sql_holding(self, {"aftersales_phone_digits": digits})
        return SQL(" UNION ").join(parts)

    def _aftersales_consent_withdrawn(self, purpose, channel):
        """Hook: the persons refuse from now on. Upper floors take back what they have planned."""

    def _aftersales_check_card_right(self):
        """Staff who deal with customers keep the card; a group officer or a foreign user does not."""
        self.check_access("read")
        if not (self.env.su or self.env.user.has_groups(REVEAL_GROUPS)):
            raise AccessError(self.env._("Only staff who deal with customers may keep the customer card."))

    def _aftersales_open_dialog(self, model, name):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": model,
            "view_mode": "form",
            "target": "new",
            "context": {
                "default_partner_id": self.id,
                "default_wish": "allow_calls" if self.aftersales_do_not_call else "do_not_call",
            },
        }

    def _aftersales_reveal(self, what, purpose):
        self.ensure_one()
        self._aftersales_check_card_right()
        partner_sudo = self.sudo()
        number = {
            "phone": partner_sudo.phone,
            "mailing_phone": partner_sudo.aftersales_mailing_phone,
            "identity": partner_sudo.aftersales_identity_number,
        }[what]
        return self.env["aftersales.reveal"]._note(number, what, purpose, partner=self)
