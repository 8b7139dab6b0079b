from .common import AftersalesCommon

# Well-formed VINs with the right check digit, so that tests do not trip over the warning
VINS = (
    "1M8GDM9AXKP042788",
    "11111111111111111",
    "LSVAF218XB2123456",
)


class FileCommon(AftersalesCommon):
    """A customer with a car, and the way of a file through the three hands."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer = cls.env["res.partner"].create({"name": "张三", "phone": "+86 138 0013 8000"})
        cls.buyer = cls.env["res.partner"].create({"name": "李四", "phone": "+86 139 1234 5678"})

    @classmethod
    def create_vehicle(cls, user=None, **values):
        """A draft file made by `user` (default: the advisor)."""
        user = user or cls.advisor
        vehicles = cls.env["aftersales.vehicle"].with_user(user).with_context(allowed_company_ids=user.company_ids.ids)
        return vehicles.create(
            [
                {
                    "license_plate": "沪A12345",
                    "vin": VINS[0],
                    "model_id": cls.car_model.id,
                    "partner_id": cls.customer.id,
                    **values,
                }
            ]
        )

    def file_vehicle(self, vehicle):
        """Take a draft through submission, verification and filing."""
        self.as_user(vehicle, self.advisor).action_submit()
        self.as_user(vehicle, self.manager).action_approval_approve()
        self.as_user(vehicle, self.archivist).action_approval_approve()
        self.assertEqual(vehicle.state, "filed")
        return vehicle

    def decide_return(self, record, user, reason="Look again"):
        pending = record._approval_pending()
        self.as_user(pending, user).decide("returned", reason)
