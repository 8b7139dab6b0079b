import re

from odoo import models

from ..tools.finding import name_grams
from ..tools.phone import phone_digits

try:
    import phonenumbers
except ImportError:
    phonenumbers = None

# Mobile numbers without anything around them; 179 is also the prefix of carriers
_PLAIN_MOBILE = re.compile(r"1(?!79)[3-9]\d{9}")


class ResPartner(models.Model):
    """What `tools/bulk.py` needs to know to make many customer cards at once."""

    _inherit = "res.partner"

    def _bulk_create_covered(self):
        # Persons without parent, website, company name or barcode: nothing to synchronise, clean or hand down
        return {
            "odoo.addons.base.models.res_partner.ResPartner",
            "odoo.addons.base.models.properties_base_definition_mixin.PropertiesBaseDefinitionMixin",
        }

    def _bulk_fields(self):
        return frozenset({"company_id", "name", "lang", "phone", "street", "aftersales_source_date"})

    def _bulk_rules(self, vals_list):
        phone_format = self._bulk_phone_format()
        return {
            "commercial_company_name": None,
            "commercial_partner_id": lambda _vals, id_: id_,
            "company_registry": None,
            "complete_name": lambda vals, _id: (vals.get("name") or "").strip(),
            "email_normalized": None,
            "partner_share": True,
            "aftersales_name_grams": lambda vals, _id: name_grams(vals.get("name")) or None,
            "aftersales_phone_digits": lambda vals, _id: phone_digits(vals.get("phone")) or None,
            "phone_sanitized": lambda vals, _id: phone_format(vals["phone"]) if vals.get("phone") else None,
            "user_id": None,
        }

    def _bulk_phone_format(self):
        """Return the function that gives a number in its international form, as `_phone_format` does.

        A Chinese mobile number, which nearly all are, is told by the library's own pattern alone: parsing it twice, as
        `_phone_format` does, takes longer than all the rest of a customer card.
        """
        pattern = None
        if phonenumbers and self.env.company.country_id.code == "CN":
            mobile = phonenumbers.PhoneMetadata.metadata_for_region("CN").mobile
            pattern = re.compile(mobile.national_number_pattern)

        def phone_format(number):
            if pattern and _PLAIN_MOBILE.fullmatch(number) and pattern.fullmatch(number):
                return f"+86{number}"
            return self._phone_format(number=number) or None

        return phone_format

    def _bulk_prepare(self, vals_list):
        pass

    def _bulk_created(self, records, vals_list):
        pass
