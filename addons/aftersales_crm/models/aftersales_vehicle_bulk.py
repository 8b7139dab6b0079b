from odoo import models
from odoo.tools import SQL

from ..tools.plate import plate_type
from ..tools.vin import check_digit_mandatory, check_digit_ok

_OWN = "odoo.addons.aftersales_crm.models"


class AftersalesVehicle(models.Model):
    """What `tools/bulk.py` needs to know to open many files at once."""

    _inherit = "aftersales.vehicle"

    def _bulk_create_covered(self):
        return {
            f"{_OWN}.aftersales_vehicle.AftersalesVehicle",
            f"{_OWN}.aftersales_vehicle_identity_mixin.AftersalesVehicleIdentityMixin",
        }

    def _bulk_fields(self):
        return frozenset(
            {
                *("company_id", "license_plate", "vin", "engine_number", "model_id", "manufacture_date"),
                *("delivery_date", "warranty_end_date", "inspection_due_date", "sales_reference", "partner_id"),
                *("brought_by_id", "source_date", "last_service_date", "odometer", "odometer_date"),
            }
        )

    def _bulk_rules(self, vals_list):
        # Nothing is scanned yet: what is demanded is missing
        demanded = {
            company: len(self.env["aftersales.vehicle.document"]._get_demanded(company))
            for company in {vals["company_id"] for vals in vals_list}
        }
        models_by_id = {vals["model_id"] for vals in vals_list if vals.get("model_id")}
        brands = {model.id: model.brand_id.id for model in self.env["fleet.vehicle.model"].browse(models_by_id)}
        return {
            "plate_type": lambda vals, _id: plate_type(vals.get("license_plate")),
            "is_vin_suspect": lambda vals, _id: bool(
                vals.get("vin") and check_digit_mandatory(vals["vin"]) and not check_digit_ok(vals["vin"])
            ),
            "brand_id": lambda vals, _id: brands.get(vals.get("model_id")),
            "insurance_end_date": None,
            "missing_document_count": lambda vals, _id: demanded[vals["company_id"]],
            "odometer": 0,
            "odometer_date": None,
        }

    def _bulk_prepare(self, vals_list):
        for vals in vals_list:
            vals.setdefault("company_id", self.env.company.id)
            vals.update(self._normalize_values(vals))
        self._refuse_duplicates(vals_list)

    def _bulk_created(self, records, vals_list):
        self.env["aftersales.vehicle.ownership"]._begin(records)
        for group in records.grouped("company_id").values():
            self.env["aftersales.vehicle.document"]._add_demanded(group)


class AftersalesVehicleOwnership(models.Model):
    """The same for the first owner of a file."""

    _inherit = "aftersales.vehicle.ownership"

    def _bulk_create_covered(self):
        return set()

    def _bulk_fields(self):
        return frozenset({"vehicle_id", "partner_id", "license_plate", "date_from"})

    def _bulk_rules(self, vals_list):
        return {"company_id": _company_of_vehicle(self, vals_list)}

    def _bulk_prepare(self, vals_list):
        pass

    def _bulk_created(self, records, vals_list):
        pass


class AftersalesVehicleDocument(models.Model):
    """The same for the checklist of a file."""

    _inherit = "aftersales.vehicle.document"

    def _get_demanded(self, company_id):
        """Return the kinds of documents that a new file of the store has on its checklist."""
        return (
            self.env["aftersales.document.type"]
            .sudo()
            .search([("is_required", "=", True), ("company_id", "in", [False, company_id])])
        )

    def _add_demanded(self, vehicles):
        """Give new files their checklist: the ORM makes the one of the first file, the others get copies of its rows."""
        first, others = vehicles[:1], vehicles[1:]
        self._add_required(first)
        self.env.flush_all()
        columns = [
            SQL.identifier(field.name)
            for field in self._fields.values()
            if field.store and field.column_type and field.name not in ("id", "vehicle_id")
        ]
        self.env.execute_query(
            SQL(
                "INSERT INTO aftersales_vehicle_document (vehicle_id, %(columns)s)"
                " SELECT other.id, %(own)s FROM aftersales_vehicle_document own, unnest(%(ids)s::int[]) AS other(id)"
                " WHERE own.vehicle_id = %(first)s ORDER BY other.id, own.id RETURNING NULL",
                columns=SQL(", ").join(columns),
                own=SQL(", ").join(SQL("own.%s", column) for column in columns),
                ids=others.ids,
                first=first.id,
            )
        )
        vehicles.invalidate_recordset(["document_ids"], flush=False)


class AftersalesVehicleOdometer(models.Model):
    """The same for odometer readings."""

    _inherit = "aftersales.vehicle.odometer"

    def _bulk_create_covered(self):
        return set()

    def _bulk_fields(self):
        return frozenset({"vehicle_id", "date", "value", "source"})

    def _bulk_rules(self, vals_list):
        return {"company_id": _company_of_vehicle(self, vals_list)}

    def _bulk_prepare(self, vals_list):
        pass

    def _bulk_created(self, records, vals_list):
        pass


def _company_of_vehicle(model, vals_list):
    vehicles = model.env["aftersales.vehicle"].browse({vals["vehicle_id"] for vals in vals_list})
    vehicles.fetch(["company_id"])
    companies = {vehicle.id: vehicle.company_id.id for vehicle in vehicles}
    return lambda vals, _id: companies[vals["vehicle_id"]]
