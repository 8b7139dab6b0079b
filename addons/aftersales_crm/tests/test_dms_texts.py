import io
import random
from unittest.mock import patch

from openpyxl.reader.strings import read_string_table

from odoo.tests import BaseCase, tagged

from ..tools import dms_texts
from ..tools.dms_cell import MAX_CELL
from ..tools.dms_sheet import _Meter

_TABLE = '<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">%s</sst>'


@tagged("post_install", "-at_install")
class TestSharedTexts(BaseCase):
    """The shared texts of a workbook, read from disk, are those that the library would keep in memory."""

    def _texts(self, items):
        content = (_TABLE % items).encode()
        texts = dms_texts.SharedTexts(_Meter(io.BytesIO(content), len(content)))
        self.addCleanup(texts.close)
        return texts, read_string_table(io.BytesIO(content))

    def test_forms(self):
        """Texts in parts, empty ones, blanks, signs, and how a text is pronounced: as the library reads them."""
        texts, expected = self._texts(
            "<si><t>朗逸</t></si><si/><si><t></t></si><si><t xml:space='preserve'> a &amp; b\n</t></si>"
            "<si><r><rPr><b/></rPr><t>Anna</t></r><r><t> Li</t></r></si>"
            "<si><t>東京</t><rPh sb='0' eb='2'><t>トウキョウ</t></rPh><phoneticPr fontId='1'/></si>"
            "<si><t>_x005F_x0041_</t></si><si><t>😀𠀀</t></si>"
        )
        self.assertEqual([texts[number] for number in range(len(texts))], expected)
        self.assertEqual(len(texts), 8)
        for number in (-1, 8):
            self.assertRaises(IndexError, texts.__getitem__, number)

    def test_in_any_order(self):
        """Few texts are kept in memory; each is found again, in whatever order the cells ask for them."""
        dice = random.Random(5)
        made = [chr(0x4E00 + dice.randrange(9000)) * dice.randrange(150) for _text in range(400)]
        with patch.object(dms_texts, "_KEPT", 20):
            texts, expected = self._texts("".join(f"<si><t>{text}</t></si>" for text in made))
        self.assertEqual(expected, made)
        for number in dice.choices(range(400), k=3000):
            self.assertEqual(texts[number], made[number])

    def test_a_long_text_is_cut_behind_what_is_accepted(self):
        """What is longer than a cell may be stays too long, and is not kept whole."""
        texts, expected = self._texts(f"<si><t>{'长' * (MAX_CELL + 500)}</t></si>")
        self.assertEqual(texts[0], expected[0][: MAX_CELL + 1])
