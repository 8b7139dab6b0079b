import base64

from odoo import fields
from odoo.exceptions import AccessError

from .common_file import FileCommon

SECRET = "前任秘密"
REVIEWERS = ("manager", "archivist", "gm", "admin")


class FormerOwnerCommon(FileCommon):
    """A filed car with a whole life under a former owner, and its present one.

    Every text of the former owner's time holds `SECRET` or the former owner's name, so that one look finds any leak.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer.write(
            {
                "name": f"{SECRET}车主",
                "aftersales_occupation": f"{SECRET}职业",
                "aftersales_mailing_address": f"{SECRET}地址",
                "aftersales_identity_number": "110101199001011234",
            }
        )
        people = cls.env["res.partner"].create(
            [
                {"name": f"{SECRET}{role}", "phone": f"+86 137 0000 000{n}"}
                for n, role in enumerate(("联系", "使用", "送修"))
            ]
        )
        cls.people = cls.customer | people
        vehicle = cls.create_vehicle(
            contact_id=people[0].id,
            driver_id=people[1].id,
            brought_by_id=people[2].id,
            loan_lender=f"{SECRET}银行",
            loan_due_date="2031-01-01",
            note=f"{SECRET}备注",
            engine_number="ENG1",
        )
        cls.vehicle = vehicle.with_env(cls.env)
        advisor = vehicle
        drink = cls.env.ref("aftersales_crm.preference_kind_drink")
        cls.env["aftersales.preference"].create({"vehicle_id": vehicle.id, "kind_id": drink.id, "value": f"{SECRET}茶"})
        advisor.message_post(body=f"{SECRET}聊天", attachments=[(f"{SECRET}.txt", b"x")])
        cls.licence = vehicle.document_ids.filtered(lambda d: d.type_id.code == "licence")
        cls.licence.write(
            {
                "reference": f"{SECRET}证号",
                "attachment_ids": [
                    fields.Command.create({"name": f"{SECRET}.png", "datas": base64.b64encode(b"scan")})
                ],
            }
        )
        cls.file_by_hand(vehicle)
        # A correction and an order of that time
        cls.correction = cls.as_user_static(cls.env["aftersales.change.request"], cls.crc)._ask(
            cls.vehicle, {"contact_id": people[1].id}, f"{SECRET}更正"
        )
        cls.as_user_static(cls.correction, cls.manager).action_approval_approve()
        cls.order = (
            cls.env["aftersales.repair.order"]
            .with_user(cls.advisor)
            .with_context(allowed_company_ids=cls.store.ids)
            .create(
                {
                    "name": "WX-1",
                    "vehicle_id": vehicle.id,
                    "customer_words": f"{SECRET}诉求",
                    "callback_phone": "13799998888",
                    "callback_consent": "yes",
                    "odometer": 1000,
                    "date_in": fields.Datetime.subtract(fields.Datetime.now(), days=2),
                    "line_ids": [fields.Command.create({"name": "Brake pads"})],
                }
            )
        )
        cls.order.date_out = fields.Datetime.subtract(fields.Datetime.now(), days=1)
        cls.env.flush_all()
        cls.env.cr.precommit.run()
        cls.request = cls.as_user_static(cls.env["aftersales.change.request"], cls.advisor)._ask(
            cls.vehicle, {"partner_id": cls.buyer.id}, f"{SECRET}过户", "ownership"
        )
        cls.as_user_static(cls.request, cls.manager).action_approval_approve()
        cls.env.flush_all()
        cls.env.cr.precommit.run()
        cls.env.invalidate_all()

    @classmethod
    def as_user_static(cls, record, user):
        return record.with_user(user).with_context(allowed_company_ids=user.company_ids.ids)

    @classmethod
    def file_by_hand(cls, vehicle):
        vehicle.action_submit()
        cls.as_user_static(vehicle, cls.manager).action_approval_approve()
        cls.as_user_static(vehicle, cls.archivist).action_approval_approve()

    def readable(self, records):
        """Everything that `records` tell their user, field by field."""
        told = {}
        for name, field in records._fields.items():
            if records._has_field_access(field, "read") and name not in ("message_ids",):
                try:
                    told[name] = str(records.read([name], load=""))
                    if field.relational:
                        told[name] += str(records[name].mapped("display_name"))
                except AccessError:
                    continue
        return told
