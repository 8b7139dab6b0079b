import base64
import csv
import io

from .common import AftersalesCommon

VIN_1 = "LSVAA4182E2184847"
VIN_2 = "LFV3A23C1D3012345"
HEADERS = [
    "工单号",
    "进厂时间",
    "出厂时间",
    "车牌号",
    "车架号",
    "车主",
    "手机",
    "行驶里程",
    "服务顾问",
    "维修类型",
    "合计",
    "是否接受回访",
]


class AftersalesOrderCommon(AftersalesCommon):
    """A vehicle with its owner in store A, and helpers that make orders and import files."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.owner = cls.env["res.partner"].create({"name": "张三", "phone": "13800138000", "company_id": cls.store.id})
        cls.vehicle = cls.env["aftersales.vehicle"].create(
            {
                "license_plate": "沪A12345",
                "vin": VIN_1,
                "partner_id": cls.owner.id,
                "model_id": cls.car_model.id,
                "company_id": cls.store.id,
            }
        )

    @classmethod
    def _create_order(cls, **values):
        return cls.env["aftersales.repair.order"].create(
            {
                "vehicle_id": cls.vehicle.id,
                "company_id": cls.store.id,
                "advisor_id": cls.advisor.id,
                "date_in": cls.utc("2026-03-02 09:00"),
                **values,
            }
        )

    @classmethod
    def _row(cls, **cells):
        """A row of the export file; the keywords are the English names of the columns below."""
        row = {
            "order": "WX001",
            "date_in": "2026-03-02 09:00",
            "date_out": "2026-03-02 16:30",
            "plate": "沪A·12345",
            "vin": VIN_1,
            "name": "张三",
            "phone": "138 0013 8000",
            "km": "45000",
            "advisor": "陈静",
            "kind": "保养",
            "total": "880.00",
            "consent": "是",
            **cells,
        }
        return list(row.values())

    @classmethod
    def _csv(cls, rows, headers=None, encoding="utf-8"):
        out = io.StringIO(newline="")
        csv.writer(out).writerows([headers or HEADERS, *rows])
        return out.getvalue().encode(encoding)

    @classmethod
    def _book(cls, rows):
        from openpyxl import Workbook

        book = Workbook()
        for row in rows:
            book.active.append(row)
        out = io.BytesIO()
        book.save(out)
        return out.getvalue()

    @classmethod
    def _create_import(cls, content, user=None, **values):
        record = cls.env["aftersales.import"]
        if user:
            record = record.with_user(user).with_context(allowed_company_ids=user.company_ids.ids)
        return record.create(
            {
                "file": base64.b64encode(content),
                "file_name": "export.csv",
                "company_id": (user.company_id if user else cls.store).id,
                **values,
            }
        )

    def _apply(self, rows, user=None, **options):
        imp = self._create_import(self._csv(rows, **options), user or self.admin)
        imp.action_apply()
        return imp

    def _find_order(self, name, company=None):
        return self.env["aftersales.repair.order"].search(
            [("name", "=", name), ("company_id", "=", (company or self.store).id)]
        )
