from markupsafe import Markup

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

    duplicate_id = fields.Many2one("aftersales.vehicle", "File That Exists", compute="_compute_duplicate_id")
    duplicate_notice = fields.Html(compute="_compute_duplicate_id", sanitize=False)
    search_text = fields.Char("Find", compute="_compute_search_text", search="_search_search_text")

    @api.depends("license_plate", "vin", "engine_number", "company_id")
    @api.depends_context("lang")
    def _compute_duplicate_id(self):
        """Find the file that the car has already while its numbers are typed, in whatever form."""
        numbers = {
            vehicle: {
                "vin": normalize_vin(vehicle.sudo().vin),
                "license_plate": normalize_plate(vehicle.license_plate),
                "engine_number": (vehicle.engine_number or "").strip().upper() or None,
            }
            for vehicle in self
        }
        wanted = {}
        for of_one in numbers.values():
            for name, number in of_one.items():
                if number:
                    wanted.setdefault(name, set()).add(number)
        found_sudo = self.env["aftersales.vehicle"].sudo()
        if wanted:
            found_sudo = found_sudo.search(
                Domain("company_id", "in", (self.company_id or self.env.company).ids)
                & Domain.OR(Domain(name, "in", list(values)) for name, values in wanted.items())
            )
        for vehicle in self:
            others_sudo = found_sudo.filtered(
                lambda other, vehicle=vehicle: (
                    other.id != vehicle._origin.id and other.company_id == (vehicle.company_id or self.env.company)
                )
            )
            match, by = self._first_match(others_sudo, numbers[vehicle])
            vehicle.duplicate_id = match.with_env(self.env)
            vehicle.duplicate_notice = self._duplicate_text(match, by) if match else False

    @api.model
    def _first_match(self, others, numbers):
        for name, number in numbers.items():
            match = others.filtered(lambda other, name=name, number=number: number and other[name] == number)[:1]
            if match:
                return match, name
        return others.browse(), None

    @api.model
    def _duplicate_text(self, match, by):
        # In another tab: what has been typed here is not lost by looking
        link = Markup('<a href="/odoo/vehicle-files/%s" target="_blank">%s</a>') % (match.id, match.display_name)
        owner = match.partner_id.display_name or "–"
        if by == "engine_number":
            return Markup("<span>%s</span>") % self.env._(
                "Another file has this engine number: %(file)s (%(owner)s). Is it the same car?", file=link, owner=owner
            )
        return Markup("<span>%s</span>") % self.env._(
            "This car has a file already: %(file)s (%(owner)s). Go on there; a second file is refused.",
            file=link,
            owner=owner,
        )

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

    def _files_merged(self):
        """Hook: rows moved between these files; upper floors reckon again what they keep on them."""

    def action_open_merge(self):
        """Ask for the merge of this file with the one that the car has already, or with another one."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Merge Two Files"),
            "res_model": "aftersales.vehicle.merge",
            "view_mode": "form",
            "context": {"default_duplicate_id": self.id, "default_keep_id": self.duplicate_id.id},
        }
