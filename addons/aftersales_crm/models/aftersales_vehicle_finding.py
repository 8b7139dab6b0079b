from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.finding import is_name_only, sql_holding
from ..tools.plate import normalize_plate
from ..tools.vin import normalize_vin


class AftersalesVehicle(models.Model):
    """The one search box: plate, VIN, engine number, names and phones of everybody behind the car.

    The condition is a union of one index scan a number and a person, because PostgreSQL answers an OR over the columns
    of two tables by reading both from end to end. Who may read a file finds it by numbers that stay masked, so the
    union looks at the bare columns; the record rules hold for the files that it names.
    """

    _inherit = "aftersales.vehicle"

    search_text = fields.Char("Find", compute="_compute_search_text", search="_search_search_text")

    def _compute_search_text(self):
        self.search_text = False

    @api.model
    def _search_search_text(self, operator, value):
        if operator in ("ilike", "like") and isinstance(value, str):
            return self._get_search_domain(value)
        if operator == "in":
            return Domain.OR(self._get_search_domain(text) for text in value if isinstance(text, str))
        return NotImplemented

    @api.model
    def _search_display_name(self, operator, value):
        if operator in ("ilike", "like") and isinstance(value, str):
            return self._get_search_domain(value)
        return super()._search_display_name(operator, value)

    @api.model
    def _get_search_domain(self, text):
        """Return the domain of the files one of whose numbers or people holds the text, however it is written."""
        text = (text or "").strip()
        if not text:
            return Domain.TRUE
        columns = {
            "license_plate": normalize_plate(text),
            "vin": normalize_vin(text),
            "engine_number": text.upper(),
        }
        parts = []
        if not is_name_only(text):
            parts += sql_holding(self, {name: fragment for name, fragment in columns.items() if fragment})
        parts += [self._sql_person_among(name) for name in self._get_person_fields()]
        people = self.env["res.partner"]._aftersales_find_persons(text)
        return Domain("id", "in", SQL("(WITH people AS MATERIALIZED (%s) %s)", people, SQL(" UNION ").join(parts)))

    @api.model
    def _get_person_fields(self):
        return ("partner_id", "contact_id", "driver_id", "brought_by_id")

    @api.model
    def _sql_person_among(self, name):
        return SQL(
            "SELECT id FROM aftersales_vehicle WHERE %s IN (SELECT id FROM people)",
            SQL.identifier(name),
            to_flush=self._fields[name],
        )
