import base64
import os
import tempfile
import time
from pathlib import Path

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..models.aftersales_import_intake_mixin import ROOT_PARAMETER
from .common_order import HEADERS, AftersalesOrderCommon

LOG = "odoo.addons.aftersales_crm.models.aftersales_import_intake_mixin"


@tagged("post_install", "-at_install")
class TestImportIntake(AftersalesOrderCommon):
    """The ways in without a screen: a program, a folder of the server, the attachments of a mailbox."""

    def setUp(self):
        super().setUp()
        self.source = self.env["aftersales.import.mapping"].with_user(self.admin).create(
            {"name": "DMS", "company_id": self.store.id, "intake_action": "apply", "folder": "store_a",
             "senders": "dms@example.com, IT <it@example.com>", "user_id": self.admin.id}
        )  # fmt: skip

    def test_program(self):
        """A program posts a file, is told what became of it, and asks again later."""
        Import = self.env["aftersales.import"].with_user(self.admin).with_context(allowed_company_ids=self.store.ids)
        content = base64.b64encode(self._csv([self._row(), self._row(order="WX2", vin="BAD")])).decode()
        status = Import.post_file("export.csv", content, source="DMS")
        self.assertEqual(
            {key: status[key] for key in ("state", "count_create", "count_refused", "order_created")},
            {"state": "applied", "count_create": 1, "count_refused": 1, "order_created": 1},
        )
        imp = Import.browse(status["id"])
        self.assertRecordValues(imp, [{"origin": "api", "user_id": self.admin.id, "mapping_id": self.source.id}])
        self.assertEqual(imp.get_status(), [status])
        self.assertEqual(Import.post_file("export.csv", content, action="check")["state"], "checked")
        with self.assertRaises(UserError):
            Import.post_file("export.csv", content, source="nobody")
        with self.assertRaises(AccessError):
            self.as_user(Import, self.manager).post_file("export.csv", content)

    def _folder(self, content=None, name="wx_20260320.csv"):
        root = Path(self.enterContext(tempfile.TemporaryDirectory()))
        (root / "store_a").mkdir()
        self.env["ir.config_parameter"].set_param(ROOT_PARAMETER, str(root))
        if content is not None:
            self._drop(root / "store_a" / name, content)
        return root

    def _drop(self, path, content, age=60):
        path.write_bytes(content)
        os.utime(path, (time.time() - age, time.time() - age))

    def _fetch(self):
        with self.enter_registry_test_mode():
            self.env.ref("aftersales_crm.ir_cron_aftersales_import_fetch").method_direct_trigger()
            self.env.ref("aftersales_crm.ir_cron_aftersales_import").method_direct_trigger()
        self.env.invalidate_all()

    def _imports(self):
        return self.env["aftersales.import"].search([("mapping_id", "=", self.source.id)], order="id")

    def test_folder(self):
        """A file in the folder is taken, imported in the name of the source's person, and put aside."""
        root = self._folder(self._csv([self._row()]))
        self._drop(root / "store_a" / "growing.csv", self._csv([self._row(order="WX2")]), age=0)
        self._drop(root / "store_a" / "notes.pdf", b"%PDF")
        self._fetch()
        imp = self._imports()
        self.assertRecordValues(
            imp, [{"state": "applied", "origin": "folder", "count_create": 1, "file_name": "wx_20260320.csv"}]
        )
        self.assertEqual(imp.user_id, self.admin)
        self.assertEqual(self._find_order("WX001").create_uid, self.admin)
        self.assertEqual(sorted(os.listdir(root / "store_a")), ["done", "growing.csv", "notes.pdf"])
        self.assertEqual(os.listdir(root / "store_a" / "done"), ["wx_20260320.csv"])
        # Killed between the taking and the moving: the file is still there, and is not taken twice
        self._drop(root / "store_a" / "wx_20260320.csv", self._csv([self._row()]))
        self._fetch()
        self.assertEqual(self._imports(), imp)
        self.assertEqual(len(os.listdir(root / "store_a" / "done")), 2)

    def test_folder_lacks_a_column(self):
        """A file without a column that the source reads is kept for a person, who is told; the later ones go in."""
        root = self._folder(self._csv([self._row()]), name="a.csv")
        without = [[cell for cell in self._row(order=f"WX{n}") if cell != "138 0013 8000"] for n in range(2)]
        headers = [header for header in HEADERS if header != "手机"]
        self._drop(root / "store_a" / "b.csv", self._csv(without, headers=headers), age=50)
        self._drop(root / "store_a" / "c.csv", self._csv([self._row(order="WX9")]), age=40)
        self._fetch()
        self.assertEqual(self._imports().mapped("state"), ["applied", "mapped", "applied"])
        self.assertFalse(self._find_order("WX0"))
        told = self._imports()[1].message_ids.filtered("partner_ids")
        self.assertEqual(told.notified_partner_ids, self.admin.partner_id)
        self.assertIn("手机", told.body)
        self.assertEqual(sorted(os.listdir(root / "store_a" / "done")), ["a.csv", "b.csv", "c.csv"])

    def test_folder_has_bad_files(self):
        """A file that is no table is put aside, and the others are taken."""
        root = self._folder(b"just one line", name="a.csv")
        self._drop(root / "store_a" / "b.csv", self._csv([self._row()]), age=30)
        with mute_logger(LOG):
            self._fetch()
        self.assertEqual(self._imports().mapped("state")[-1:], ["applied"])
        self.assertEqual(os.listdir(root / "store_a" / "refused"), ["a.csv"])

    def test_folder_leads_nowhere_else(self):
        """A folder cannot lead out of the import directory, not even by a link; files that are links are left alone."""
        root = self._folder()
        outside = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self._drop(outside / "secret.csv", self._csv([self._row()]))
        for folder in ("/etc", "../x", "a/../../b"):
            with self.assertRaises(ValidationError):
                self.source.folder = folder
        (root / "link").symlink_to(outside)
        self.source.folder = "link"
        (root / "store_a" / "link.csv").symlink_to(outside / "secret.csv")
        self._fetch()
        self.source.folder = "store_a"
        self._fetch()
        self.assertFalse(self._imports())

    def _mail(self, sender="DMS <dms@example.com>", attachment=None, name="wx.csv"):
        content = base64.encodebytes(attachment or b"").decode()
        part = (
            f'--x\nContent-Type: text/csv; name="{name}"\nContent-Transfer-Encoding: base64\n'
            f'Content-Disposition: attachment; filename="{name}"\n\n{content}\n'
        )
        return (
            f"From: {sender}\nTo: dms-a@{self.domain.name}\nSubject: export\nMIME-Version: 1.0\n"
            f"Message-Id: <{time.time()}@example.com>\nContent-Type: multipart/mixed; boundary=x\n\n"
            f"--x\nContent-Type: text/plain\n\nsee file\n{part if attachment else ''}--x--\n"
        )

    def test_mailbox(self):
        """An attachment from a sender whom the source names is imported; nobody else's is."""
        self.domain = self.env["mail.alias.domain"].create({"name": "store-a.example.com"})
        self.source.write({"alias_name": "dms-a", "alias_domain_id": self.domain.id})
        thread = self.env["mail.thread"].with_user(self.env.ref("base.user_root"))
        thread.message_process(None, self._mail(attachment=self._csv([self._row()])))
        imp = self._imports()
        self.assertRecordValues(
            imp, [{"origin": "mail", "file_name": "wx.csv", "count_refused": 0, "user_id": self.admin.id}]
        )
        imp._work()
        self.assertEqual(imp.state, "applied")
        with mute_logger(LOG, "odoo.addons.mail.models.mail_thread"):
            thread.message_process(None, self._mail("Eve <eve@example.com>", self._csv([self._row(order="WX9")])))
        self.assertEqual(self._imports(), imp)
        thread.message_process(None, self._mail())
        self.assertEqual((self._imports() - imp).state, "cancelled")

    def test_address_leads_to_its_own_source(self):
        """Nobody leads the address of one store to the source of another."""
        other = self.env["aftersales.import.mapping"].with_user(self.admin_b).create(
            {"name": "B", "company_id": self.store_b.id, "user_id": self.admin_b.id}
        )  # fmt: skip
        self.domain = self.env["mail.alias.domain"].create({"name": "store-a.example.com"})
        self.source.write({"alias_name": "dms-a", "alias_domain_id": self.domain.id})
        self.source.write({"alias_defaults": repr({"mapping_id": other.id})})
        self.assertEqual(self.source.sudo().alias_id.alias_defaults, repr({"mapping_id": self.source.id}))
        with self.assertRaises(ValidationError):
            self.source.user_id = self.manager
