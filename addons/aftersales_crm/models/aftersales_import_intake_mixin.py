import base64
import logging
import os
import time
from pathlib import Path

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import email_normalize

from ..tools import dms_file

_logger = logging.getLogger(__name__)

#: System parameter: the one directory of the server under which sources may have their folders
ROOT_PARAMETER = "aftersales_crm.import_root"
_SUFFIXES = (".csv", ".txt", ".xlsx")
# A file that is still being written is left for the next time
_QUIET_SECONDS = 20


class AftersalesImportIntakeMixin(models.AbstractModel):
    """The ways in besides the screen: a program by JSON-2, a folder of the server, attachments of a mailbox.

    Each way makes an import of its source and does with it what the source says: nothing, a check, or the import.
    """

    _name = "aftersales.import.intake.mixin"
    _description = "DMS Import: Ways In"
    _inherit = ["aftersales.protected.mixin"]

    # ------------------------------------------------------------
    # PROGRAM
    # ------------------------------------------------------------

    @api.model
    def post_file(self, file_name, content, source=None, action="apply"):
        """Take a file from a program (JSON-2: ``POST /json/2/aftersales.import/post_file``).

        :param str file_name: the name of the file, for people
        :param str content: the file in base64
        :param str source: name of the import source; without one it is found by the columns
        :param str action: ``read``, ``check`` or ``apply``; long files are worked on in the background
        :return: dict with ``id``, ``name``, ``state``, the counts of rows and of records (see `get_status`)
        :raises UserError: when the file as a whole cannot be read, or no source has this name
        """
        self._check_right()
        self._check_posted(file_name, content)
        if action not in ("read", "check", "apply"):
            raise UserError(self.env._("“%(action)s” is no action: say read, check or apply.", action=action))
        mapping = self.env["aftersales.import.mapping"]
        if source:
            mapping = mapping.search([("name", "=", source), ("company_id", "=", self.env.company.id)], limit=1)
            if not mapping:
                raise UserError(self.env._("There is no import source “%(name)s”.", name=source))
        record = self.create(
            {
                "file": content,
                "file_name": os.path.basename((file_name or "").replace("\\", "/")),
                "mapping_id": mapping.id,
                "company_id": self.env.company.id,
            }
        )
        record._write_protected({"origin": "api"})
        record._do_intake(action)
        return record.get_status()[0]

    @api.model
    def _check_posted(self, file_name, content):
        """Refuse what is no file, before anything of it is kept."""
        if not isinstance(content, str) or not isinstance(file_name or "", str):
            raise UserError(self.env._("Send the name of the file and its content in base64, both as text."))
        if not content:
            raise UserError(self._file_error(dms_file.DmsFileError("empty")))
        limit = self.env.company.aftersales_import_max_mb
        if len(content) * 3 // 4 > limit * 1024 * 1024 + 2:
            raise UserError(self.env._("The file is larger than %(limit)s MB. Split it.", limit=limit))
        try:
            base64.b64decode("".join(content.split()), validate=True)
        except ValueError as error:
            raise UserError(self.env._("The content is not in base64. Encode the bytes of the file.")) from error

    def get_status(self):
        """Return how far each import is, for programs.

        :return: list of dicts: id, name, state, row_count, rows_done, count_create, count_update, count_unchanged,
            count_refused, count_note, the records made and changed, doubt_count, and what differs from the columns of
            the source: new_columns, lost_columns
        """
        self._check_right()
        names = ["name", "state", "row_count", "rows_done", *sorted(self._get_count_fields()), "doubt_count"]
        return self.read([*names, "new_columns", "lost_columns"])

    def _do_intake(self, action):
        """Do with a file that came in by itself what was asked for, unless its columns want a person's look.

        What the source does not know is not read until somebody has said what it is. A column that the source reads and
        the file lacks is no column of empty cells: such a file is not written by itself.
        """
        self._do_read_file(guess=False)
        lost, doubled = self._get_lost_columns(), self._get_doubled_columns()
        waits = bool(doubled or (lost and action == "apply"))
        if self.added_headers or lost or doubled:
            self._tell_difference(waits)
        elif action == "read" and self.origin != "api":
            self._tell_waiting()
        if action == "read" or waits:
            return
        try:
            self._check_columns()
        except UserError:
            if not lost:
                raise
            return  # the person is told already
        self._start_job("apply" if action == "apply" else "check")

    # ------------------------------------------------------------
    # FOLDER
    # ------------------------------------------------------------

    @api.model
    def _cron_fetch(self):
        """Take the files that lie in the folders of the sources."""
        root = self.env["ir.config_parameter"].sudo().get_param(ROOT_PARAMETER)
        if not root:
            return
        for mapping in self.env["aftersales.import.mapping"].search([("folder", "!=", False)]):
            for path in mapping._list_folder(root):
                try:
                    self._fetch(mapping, path)
                except (UserError, OSError) as error:
                    self.env.cr.rollback()
                    _logger.warning("File %s of source %s was not taken: %s", path.name, mapping.name, error)
                    mapping._put_aside(path, "refused")
                    mapping._tell_refused(path.name, error)
                self.env["ir.cron"]._commit_progress(1)

    @api.model
    def _fetch(self, mapping, path):
        """Take one file: kept and committed first, moved afterwards; a file that was kept already is only moved."""
        with path.open("rb") as file:
            checksum = dms_file.checksum(file)
        known = self.search(
            [("mapping_id", "=", mapping.id), ("checksum", "=", checksum), ("origin", "=", "folder")], limit=1
        )
        if not known:
            user = mapping.user_id
            mine = self.with_user(user).with_context(allowed_company_ids=mapping.company_id.ids, lang=user.lang)
            record = mine.create(
                {"file_name": path.name, "mapping_id": mapping.id, "company_id": mapping.company_id.id}
            )
            record._write_protected({"origin": "folder"})
            with path.open("rb") as file:
                record._store_file("file", path.name, file)
            record.with_context(import_in_background=True)._do_intake(mapping.intake_action)
            self.env["ir.cron"]._commit_progress()
        mapping._put_aside(path, "done")

    # ------------------------------------------------------------
    # MAILBOX
    # ------------------------------------------------------------

    @api.model
    def message_new(self, msg_dict, custom_values=None):
        """Make an import of each table that hangs on an e-mail to the address of a source."""
        mapping = self.env["aftersales.import.mapping"].sudo().browse((custom_values or {}).get("mapping_id")).exists()
        tables = [
            attachment
            for attachment in msg_dict.get("attachments") or ()
            if attachment.fname and attachment.fname.lower().endswith(_SUFFIXES)
        ]
        user = mapping.user_id
        mine = self.with_user(user).with_context(
            allowed_company_ids=mapping.company_id.ids, lang=user.lang, import_in_background=True
        )
        records = mine.browse()
        for attachment in tables:
            content = attachment.content
            record = mine.create(
                {
                    "file": base64.b64encode(content.encode() if isinstance(content, str) else content),
                    "file_name": os.path.basename(attachment.fname),
                    "mapping_id": mapping.id,
                    "company_id": mapping.company_id.id,
                }
            )
            record._write_protected({"origin": "mail"})
            try:
                with self.env.cr.savepoint():
                    record._do_intake(mapping.intake_action)
            except UserError as error:
                record._tell(mapping.user_id, str(error.args[0]))
            records |= record
        if not records:
            records = mine.create({"mapping_id": mapping.id, "company_id": mapping.company_id.id})
            records._write_protected({"origin": "mail", "state": "cancelled"})
            records._tell(
                mapping.user_id,
                records._for_reader(mapping.user_id).env._(
                    "An e-mail of %(sender)s had no CSV or XLSX file.", sender=msg_dict.get("email_from")
                ),
            )
        return self.browse(records[0].id)

    @api.model
    def _routing_check_route(self, message, message_dict, route, raise_exception=True):
        """Take e-mails of the senders that the source names, and of nobody else."""
        model, _thread_id, values, _uid, _alias = route
        if model == self._name:
            mapping = self.env["aftersales.import.mapping"].sudo().browse((values or {}).get("mapping_id")).exists()
            sender = email_normalize(message_dict.get("email_from") or "")
            if not mapping or not sender or sender not in mapping._get_senders():
                _logger.warning("E-mail of %s to the imports of %s was left out", sender, mapping.name or "no source")
                return ()
        return super()._routing_check_route(message, message_dict, route, raise_exception=raise_exception)


def list_tables(folder):
    """Return the tables in a folder that nobody is writing any more, oldest first; links are left alone."""
    now = time.time()
    found = []
    for entry in os.scandir(folder):
        if entry.is_symlink() or not entry.is_file(follow_symlinks=False):
            continue
        if entry.name.lower().endswith(_SUFFIXES) and not entry.name.startswith("."):
            changed = entry.stat(follow_symlinks=False).st_mtime
            if now - changed > _QUIET_SECONDS:
                found.append((changed, entry.name))
    return [Path(folder) / name for _changed, name in sorted(found)]
