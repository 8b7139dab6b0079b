import base64

from odoo.exceptions import AccessError, UserError

from .common_file import FileCommon


class TestVehicleDocument(FileCommon):
    def upload(self, user, **values):
        attachments = self.as_user(self.env["ir.attachment"], user)
        return attachments.create(
            {
                "name": "scan.txt",
                "datas": base64.b64encode(b"scan"),
                "res_model": "aftersales.vehicle.document",
                **values,
            }
        )

    def test_checklist(self):
        """A new file lists what the store demands; a scan takes the item off the missing ones, with who and when."""
        vehicle = self.create_vehicle()
        self.assertEqual(vehicle.missing_document_count, 6)
        self.assertIn("Sales Contract", vehicle.missing_document_names)
        document = self.as_user(vehicle.document_ids[0], self.archivist)
        document.attachment_ids = self.upload(self.archivist)
        self.assertEqual(vehicle.missing_document_count, 5)
        self.assertRecordValues(document, [{"user_id": self.archivist.id, "is_missing": False}])
        self.assertTrue(document.date_received)
        vehicle.document_ids[1].is_required = False
        self.assertEqual(vehicle.missing_document_count, 4)

    def test_scan_readable(self):
        """Whoever reads the file reads its scans, another store does not."""
        vehicle = self.create_vehicle()
        scan = self.upload(self.advisor)
        vehicle.document_ids[0].attachment_ids = scan
        self.as_user(scan, self.gm).read(["datas"])
        with self.assertRaises(AccessError):
            self.as_user(scan, self.manager_b).read(["datas"])

    def test_scan_not_stolen(self):
        """Naming the id of somebody else's attachment on a checklist does not open it."""
        secret = self.upload(self.gm, res_model=False)
        document = self.create_vehicle().document_ids[0]
        with self.assertRaises(AccessError):
            self.as_user(document, self.advisor).write({"attachment_ids": [(4, secret.id)]})

    def test_scan_kept(self):
        """On a file that is no draft, scans are added but not taken away."""
        vehicle = self.create_vehicle()
        document = vehicle.document_ids[0]
        document.attachment_ids = self.upload(self.advisor)
        self.file_vehicle(vehicle)
        with self.assertRaises(UserError):
            document.attachment_ids = False
        with self.assertRaises(UserError):
            document.unlink()
        document.attachment_ids |= self.upload(self.advisor)
        self.assertEqual(len(document.attachment_ids), 2)
