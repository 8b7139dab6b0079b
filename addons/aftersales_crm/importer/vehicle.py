"""What a row means for the vehicle file."""

from ..tools import dms_values
from ..tools.plate import plate_problem, plate_type
from ..tools.vin import check_digit, check_digit_mandatory, check_digit_ok
from .ledger import BRAND, MODEL, VEHICLE
from .record import RecordPlanner

# Target of a column, named as the field of the vehicle -> way to read it
VEHICLE_CELLS = {
    "engine_number": "upper",
    "manufacture_date": "date",
    "delivery_date": "date",
    "warranty_end_date": "date",
    "inspection_due_date": "date",
    "sales_reference": "text",
}


def is_locked(entry):
    """Tell whether the file of the car is no draft any more."""
    return bool(entry.record) and entry.record.state != "draft"


class VehiclePlanner(RecordPlanner):
    """Finds the car of a row by VIN, else by plate, and plans what the row adds to its file."""

    def find(self, row):
        vin, plate = row.cells.get("vin"), row.cells.get("license_plate")
        entry = self.register.vehicle_by_vin.get(vin) if vin else None
        if entry is None and plate:
            entry = self.register.vehicle_by_plate.get(plate)
            if entry is not None and vin and entry.get("vin"):
                return None  # the plate of another car
        return entry

    def check_dates(self, row):
        """Refuse what the file of no car can hold, before the models do: one by one that is slow."""
        made, sold = (self.cells.peek(row, name, "date") for name in ("manufacture_date", "delivery_date"))
        if made and sold and sold < made:
            row.errors.append(
                self._(
                    "The car would have been sold (%(sold)s) before it was manufactured (%(made)s). Correct one of the "
                    "dates.",
                    sold=sold,
                    made=made,
                )
            )

    def plan(self, row):
        """Plan the file of the car. An import changes no owner, no plate of another car, no locked card."""
        plate = self._free_plate(row)
        self._remark_numbers(row, row.cells.get("vin"), plate)
        if row.vehicle is None:
            row.vehicle = self.ledger.new(row, VEHICLE, {"company_id": self.company.id})
        entry = row.vehicle
        locked = is_locked(entry)
        plate_before = entry.get("license_plate")
        card = self.ledger.env[VEHICLE]._get_card_fields() if locked else ()
        for name, value in self._wanted(row, plate).items():
            if value is None or value is False:
                continue
            if locked and name in card:
                self._remark_locked(row, entry, name, value)
            else:
                self.ledger.set(row, entry, name, value)
        self.register.add_vehicle(entry, plate_before)

    def _free_plate(self, row):
        """Return the plate of the row, unless another car has it."""
        plate = row.cells.get("license_plate")
        holder = self.register.vehicle_by_plate.get(plate) if plate else None
        if holder is None or holder is row.vehicle:
            return plate
        row.notes.append(
            self._(
                "Plate %(plate)s is the current plate of the car with VIN %(vin)s. Clear it on that file first; "
                "the plate was left out.",
                plate=plate,
                vin=holder.get("vin") or "–",
            )
        )
        return None

    def _remark_numbers(self, row, vin, plate):
        if plate and plate_problem(plate, plate_type(plate)):
            row.notes.append(self._("The plate %(plate)s has an unusual form. Please check it.", plate=plate))
        if vin and check_digit_mandatory(vin) and not check_digit_ok(vin):
            row.notes.append(
                self._(
                    "The check digit of VIN %(vin)s is wrong (position 9 should be %(digit)s). Please check it.",
                    vin=vin,
                    digit=check_digit(vin),
                )
            )

    def _wanted(self, row, plate):
        """Return what the row says about the car, by field."""
        wanted = {"vin": row.cells.get("vin"), "license_plate": plate}
        for target, way in VEHICLE_CELLS.items():
            if target in self.cells.columns:
                wanted[target] = self.cells.value(row, target, way)
        wanted["model_id"] = self._plan_model(row)
        owner = row.vehicle.get("partner_id")
        if row.partner is not None and not owner:
            wanted["partner_id"] = row.partner
        elif row.partner is not None and not row.partner.is_in(owner):
            row.notes.append(
                self._(
                    "The file of the car names %(owner)s as owner. An import changes no owner: if the car was sold, "
                    "record the change of ownership on the file.",
                    owner=self.ledger.shown(row.vehicle, "partner_id", owner),
                )
            )
        return wanted

    def _remark_locked(self, row, entry, name, value):
        if entry.holds(name, value):
            return
        row.notes.append(
            self._(
                "%(field)s (%(old)s → %(new)s): the vehicle file is locked, the value needs a change request. The cell "
                "was left out.",
                field=self.ledger.label(VEHICLE, name),
                old=self.ledger.shown(entry, name, entry.get(name)) or "–",
                new=self.ledger.shown(entry, name, value),
            )
        )

    def _plan_model(self, row):
        """Return the model in the catalogue, added when the row names its brand too."""
        name = self.cells.name(row, "model")
        brand_name = self.cells.name(row, "brand")
        if not name:
            return None
        brand_key = dms_values.fold(brand_name) or None
        found = self.register.models.get((brand_key, dms_values.fold(name)))
        if found is not None:
            return found
        if not brand_name:
            row.notes.append(
                self._(
                    "The model %(model)s is not in the catalogue, and without a brand it cannot be added. The cell was "
                    "left out.",
                    model=name,
                )
            )
            return None
        brand = self.register.brands.get(brand_key)
        if brand is None:
            brand = self.register.brands[brand_key] = self.ledger.new(row, BRAND, {"name": brand_name})
            row.catalogue.append(brand)
        model = self.ledger.new(row, MODEL, {"name": name, "brand_id": brand})
        row.catalogue.append(model)
        self.register.add_model(brand_key, name, model)
        return model
