from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL

from ..tools.finding import ids_holding_one_of
from ..tools.plate import format_plate, normalize_plate, plate_problem, plate_type
from ..tools.vin import check_digit, check_digit_mandatory, check_digit_ok, mask_vin, normalize_vin, vin_problem

PLATE_TYPES = [
    ("ordinary", "Ordinary"),
    ("new_energy", "New energy"),
    ("embassy", "Embassy"),
    ("military", "Military"),
    ("police", "Police"),
    ("temporary", "Temporary"),
    ("foreign", "Foreign"),
]

# Who reads a VIN in full: who keeps, verifies and files it. The others read it without its tail.
VIN_GROUPS = (
    "aftersales_crm.group_aftersales_advisor,aftersales_crm.group_aftersales_archivist,"
    "aftersales_crm.group_aftersales_gm,aftersales_crm.group_aftersales_admin"
)


class AftersalesVehicleIdentityMixin(models.AbstractModel):
    """The numbers by which a car is told from every other one: plate, VIN, engine number.

    They are stored in the one form in which they are compared (`tools/plate.py`, `tools/vin.py`), are unique in a store
    among the active records, and are refused or warned of with a sentence for a person. The record has `company_id` and
    `active`.
    """

    _name = "aftersales.vehicle.identity.mixin"
    _description = "Vehicle Identity"

    license_plate = fields.Char("Plate", index="trigram", tracking=1, copy=False)
    plate_type = fields.Selection(
        PLATE_TYPES, compute="_compute_plate_type", store=True, readonly=False, precompute=True, tracking=True
    )
    plate_display = fields.Char("Plate as Written", compute="_compute_plate_display")
    plate_warning = fields.Char(compute="_compute_plate_warning")
    vin = fields.Char("VIN", index="trigram", tracking=2, copy=False, groups=VIN_GROUPS)
    vin_masked = fields.Char("VIN (Masked)", compute="_compute_vin_masked", compute_sudo=True)
    vin_warning = fields.Char("VIN Warning", compute="_compute_vin_warning", compute_sudo=True)
    is_vin_suspect = fields.Boolean(
        "VIN Check Digit Wrong", compute="_compute_is_vin_suspect", store=True, precompute=True, copy=False
    )
    engine_number = fields.Char(index="trigram", tracking=True, copy=False)

    _vin_uniq = models.UniqueIndex(
        "(company_id, vin) WHERE vin IS NOT NULL AND active", "There is already a vehicle file with this VIN."
    )
    _license_plate_uniq = models.UniqueIndex(
        "(company_id, license_plate) WHERE license_plate IS NOT NULL AND active",
        "There is already a vehicle file with this plate. If the plate was passed on, clear it on the old file first.",
    )

    # ------------------------------------------------------------
    # CONSTRAINTS
    # ------------------------------------------------------------

    @api.constrains("vin")
    def _check_vin(self):
        for vehicle in self:
            reason = self._vin_problem_text(vehicle.vin)
            if reason:
                raise ValidationError(reason)

    @api.constrains("vin", "license_plate")
    def _check_identity(self):
        if self.filtered(lambda vehicle: not vehicle.vin and not vehicle.license_plate):
            raise ValidationError(self.env._("A vehicle file needs a VIN or a plate: nobody would find it again."))

    # ------------------------------------------------------------
    # COMPUTES
    # ------------------------------------------------------------

    @api.depends("license_plate")
    def _compute_plate_type(self):
        for vehicle in self:
            vehicle.plate_type = plate_type(normalize_plate(vehicle.license_plate))

    @api.depends("license_plate")
    def _compute_plate_display(self):
        for vehicle in self:
            vehicle.plate_display = format_plate(normalize_plate(vehicle.license_plate))

    @api.depends("license_plate", "plate_type")
    def _compute_plate_warning(self):
        labels = dict(self._fields["plate_type"]._description_selection(self.env))
        for vehicle in self:
            code, detail = plate_problem(normalize_plate(vehicle.license_plate), vehicle.plate_type) or (False, False)
            warning = False
            if code == "length":
                warning = self.env._(
                    "A plate of type %(type)s has %(length)s characters. Correct the plate or its type.",
                    type=labels[vehicle.plate_type],
                    length=detail,
                )
            elif code == "form":
                warning = self.env._(
                    "This is not the form of a plate of type %(type)s. Correct the plate or its type.",
                    type=labels[vehicle.plate_type],
                )
            vehicle.plate_warning = warning

    @api.depends("vin")
    def _compute_vin_masked(self):
        for vehicle in self:
            vehicle.vin_masked = mask_vin(vehicle.vin)

    @api.depends("vin")
    def _compute_is_vin_suspect(self):
        for vehicle in self:
            vin = normalize_vin(vehicle.vin)
            vehicle.is_vin_suspect = bool(
                vin and not vin_problem(vin) and check_digit_mandatory(vin) and not check_digit_ok(vin)
            )

    @api.depends("vin")
    def _compute_vin_warning(self):
        for vehicle in self:
            vin = normalize_vin(vehicle.vin)
            warning = False
            if vin and vin_problem(vin):
                warning = self._vin_problem_text(vin)
            elif vin and check_digit_mandatory(vin) and not check_digit_ok(vin):
                warning = self.env._(
                    "The check digit of the VIN (position 9) is %(found)s and should be %(right)s. "
                    "Compare it with the car, character by character.",
                    found=vin[8],
                    right=check_digit(vin),
                )
            vehicle.vin_warning = warning

    # ------------------------------------------------------------
    # ORM
    # ------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        vals_list = [self._normalize_values(vals) for vals in vals_list]
        self._refuse_duplicates(vals_list)
        return super().create(vals_list)

    def write(self, vals):
        vals = self._normalize_values(vals)
        if vals.get("active") or {"vin", "license_plate", "company_id"}.intersection(vals):
            self._refuse_duplicates([vals], self)
        return super().write(vals)

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    @api.model
    def _normalize_values(self, vals):
        vals = dict(vals)
        if "vin" in vals:
            vals["vin"] = normalize_vin(vals["vin"])
        if "license_plate" in vals:
            vals["license_plate"] = normalize_plate(vals["license_plate"])
        if vals.get("engine_number"):
            vals["engine_number"] = vals["engine_number"].strip().upper()
        return vals

    @api.model
    def _vin_problem_text(self, vin):
        """Return why the number is no VIN, as a sentence; False when it is one or when there is none."""
        code, detail = vin_problem(normalize_vin(vin)) or (False, False)
        if code == "length":
            return self.env._(
                "The VIN %(vin)s has %(length)s characters; a VIN has 17. Read it again from the car or its licence.",
                vin=vin,
                length=detail,
            )
        if code == "letter":
            return self.env._(
                "The VIN %(vin)s holds the letter %(letter)s. I, O and Q are never used: it is probably 1 or 0.",
                vin=vin,
                letter=detail,
            )
        if code == "character":
            return self.env._(
                "The VIN %(vin)s holds “%(char)s”. A VIN is made of digits and Latin letters only.",
                vin=vin,
                char=detail,
            )
        return False

    @api.model
    def _refuse_duplicates(self, vals_list, vehicles=None):
        """Name the file that has the VIN or the plate already. The unique indexes stay the last word."""
        company_ids = {vals.get("company_id") or self.env.company.id for vals in vals_list}
        if vehicles:
            company_ids = set(vehicles.company_id.ids) | {
                vals["company_id"] for vals in vals_list if vals.get("company_id")
            }
        for name in ("vin", "license_plate"):
            numbers = [vals[name] for vals in vals_list if vals.get(name)]
            if vehicles and not numbers and any(vals.get("active") for vals in vals_list):
                numbers = [number for number in vehicles.mapped(name) if number]
            if not numbers:
                continue
            # Sudoed: a file the user may not see still holds its number
            holders = ids_holding_one_of(
                self,
                name,
                numbers,
                SQL(
                    "own.company_id = ANY(%s) AND own.active AND own.id <> ALL(%s)",
                    list(company_ids),
                    vehicles.ids if vehicles else [],
                    to_flush=[self._fields["active"], self._fields["company_id"]],
                ),
            )
            other_sudo = self.sudo().browse(holders[:1])
            if not other_sudo:
                continue
            if name == "vin":
                raise ValidationError(
                    self.env._(
                        "The VIN %(vin)s already has a vehicle file: %(vehicle)s. Open that file instead.",
                        vin=other_sudo.vin,
                        vehicle=other_sudo.display_name,
                    )
                )
            raise ValidationError(
                self.env._(
                    "The plate %(plate)s is the current plate of %(vehicle)s. "
                    "If it was passed on to this car, clear it on the other file first.",
                    plate=other_sudo.plate_display,
                    vehicle=other_sudo.display_name,
                )
            )
