from odoo import models


class AftersalesImportNoticeMixin(models.AbstractModel):
    """Tells a person what became of a file that nobody was looking at, in the person's language."""

    _name = "aftersales.import.notice.mixin"
    _description = "DMS Import: Notices"

    def _tell(self, user, sentence):
        """Put a sentence under the import and tell the person.

        :param sentence: in the language of the person (`_for_reader`)
        """
        # The work was done in this person's name: Odoo does not tell people what they say themselves
        self.sudo().with_context(lang=user.lang, mail_notify_author_mention=True).message_post(
            body=sentence,
            author_id=self.env.ref("base.partner_root").id,
            partner_ids=user.partner_id.ids,
            subtype_xmlid="mail.mt_comment",
        )

    def _for_reader(self, user):
        """Return the import as the person reads it."""
        return self.sudo().with_context(lang=user.lang)

    def _tell_waiting(self):
        """Tell the person of the source that a file has come in and waits."""
        user = self.mapping_id.user_id
        self._tell(
            user,
            self._for_reader(user).env._("%(file)s has come in. Check its columns and import it.", file=self.file_name),
        )

    def _tell_result(self):
        """Tell what became of a file in the background.

        Who started it by hand is told in any case. Of a file that came in by itself, and went in without anything left to
        do, nobody wants to hear each day; a program asks by itself (`get_status`).
        """
        user = self.job_user_id
        todo = self.state == "checked" or self.count_refused or self.doubt_count
        if self.origin == "api" or (self.origin != "hand" and not todo):
            return
        mine = self._for_reader(user)
        counts = {
            "file": self.file_name,
            **{name: f"{self[f'count_{name}']:,}" for name in ("create", "update", "unchanged", "refused")},
        }
        if self.state == "checked":
            parts = [
                mine.env._(
                    "%(file)s is checked, and nothing is written yet. Rows that would create: %(create)s, update: "
                    "%(update)s, change nothing: %(unchanged)s, be refused: %(refused)s.",
                    **counts,
                )
            ]
        else:
            parts = [
                mine.env._(
                    "%(file)s is imported. Rows that created: %(create)s, updated: %(update)s, changed nothing: "
                    "%(unchanged)s, were refused: %(refused)s.",
                    **counts,
                )
            ]
        if self.count_refused:
            parts.append(mine.env._("The refused rows are in a file of their own, each with its reason."))
        if self.doubt_count:
            parts.append(mine.env._("Customers to decide: %(count)s.", count=f"{self.doubt_count:,}"))
        self._tell(user, " ".join(parts))
