from datetime import date

from odoo.tests import BaseCase

from ..tools.masking import mask_identity, mask_phone
from ..tools.phone import phone_digits
from ..tools.plate import format_plate, normalize_plate, plate_problem, plate_type
from ..tools.vin import (
    check_digit,
    check_digit_mandatory,
    check_digit_ok,
    mask_vin,
    model_year,
    normalize_vin,
    vin_problem,
)


class TestVinPlate(BaseCase):
    def test_vin_normalize(self):
        """Half width, upper case, no blanks and dashes; nothing left is no number."""
        self.assertEqual(normalize_vin(" １m8gdm9a-xkp042788 "), "1M8GDM9AXKP042788")
        self.assertIsNone(normalize_vin("  - "))
        self.assertIsNone(normalize_vin(None))

    def test_vin_problem(self):
        """17 characters, no I, O, Q, nothing but digits and Latin letters."""
        self.assertIsNone(vin_problem("1M8GDM9AXKP042788"))
        self.assertEqual(vin_problem("1M8GDM9AXKP04278"), ("length", 16))
        self.assertEqual(vin_problem("1M8GDM9AXKP0427889"), ("length", 18))
        for letter in "IOQ":
            self.assertEqual(vin_problem(f"1M8GDM9AXKP04278{letter}"), ("letter", letter))
        self.assertEqual(vin_problem("1M8GDM9AXKP04278车"), ("character", "车"))

    def test_vin_check_digit(self):
        """ISO 3779: weighted sum modulo 11, ten is X; a single wrong character is found."""
        self.assertTrue(check_digit_ok("1M8GDM9AXKP042788"))
        self.assertTrue(check_digit_ok("11111111111111111"))
        self.assertTrue(check_digit_ok("5GZCZ43D13S812715"))
        self.assertEqual(check_digit("1M8GDM9A1KP042788"), "X")
        self.assertFalse(check_digit_ok("1M8GDM9AXKP042789"))
        self.assertFalse(check_digit_ok("short"))

    def test_vin_region(self):
        """The digit is mandatory for China and North America, not for Europe and Japan."""
        self.assertTrue(check_digit_mandatory("LSVAF2188B2123456"))
        self.assertTrue(check_digit_mandatory("5GZCZ43D13S812715"))
        for vin in ("WVWZZZ1JZXW000001", "JHMCM56557C404453", ""):
            self.assertFalse(check_digit_mandatory(vin))

    def test_vin_public_cases(self):
        """Known numbers of every sort: what is refused, what warns, what is silent."""
        right, warns, silent = "right", "warns", "silent"
        cases = {
            "1HGCM82633A004352": right,  # North America, as published with the rule
            "1HGCM82633A004353": warns,  # its last character misread
            "1M8GDM9AXKP042788": right,  # the check digit is X
            "5GZCZ43D13S812715": right,
            "3VWFE21C04M000001": right,  # the check digit is 0
            "LSVAF218XB2123456": right,  # China
            "LSVAF2188B2123456": warns,
            "HJ4ABBHK0PN000001": warns,  # China's second letter
            "WVWZZZ1JZXW000001": silent,  # Germany, filler letters at 4-6, no digit at 9
            "WBA3A5C51CF256551": silent,
            "ZFF67NFA0D0190001": silent,  # Italy
            "YV1CZ592551165013": silent,  # Sweden
            "VF1BB1A0F12345678": silent,  # France
            "JHMCM56557C404453": silent,  # Japan
            "KMHDU46D17U090264": silent,  # Korea
        }
        for vin, expected in cases.items():
            with self.subTest(vin=vin):
                self.assertIsNone(vin_problem(vin))
                found = right if check_digit_mandatory(vin) and check_digit_ok(vin) else warns
                self.assertEqual(found if check_digit_mandatory(vin) else silent, expected)
                # However it is typed, it is the same car
                wide = "".join(chr(ord(char) + 0xFEE0) for char in vin.lower())
                self.assertEqual(normalize_vin(wide), vin)
                self.assertEqual(normalize_vin(f" {vin[:3]}-{vin[3:9]} {vin[9:]} "), vin)
                # One character less, one more, and the letters that are never used
                self.assertEqual(vin_problem(vin[:16]), ("length", 16))
                self.assertEqual(vin_problem(vin + "1"), ("length", 18))
                for letter in "IOQ":
                    self.assertEqual(vin_problem(vin[:11] + letter + vin[12:]), ("letter", letter))

    def test_plate_public_cases(self):
        """Plates of every sort, as GA 36 writes them, are known by their form and warn of nothing."""
        cases = {
            "ordinary": (
                "京A12345",
                "豫A0L999",
                "粤BZ3456",
                "京AF1234",
                "沪A1234学",
                "京A1234挂",
                "粤Z1234港",
                "粤ZX12X澳",
            ),
            # Small: the letter at 3, a second one may stand at 4; large: the letter at 8
            "new_energy": ("沪AD12345", "京AF12345", "沪ADF1234", "京AA12345", "京AK12345", "京A12345D", "粤B12345F"),
            "police": ("京A1234警", "川O1234警", "WJ京12345", "WJ京1234X"),
            "embassy": ("使123456", "123456使", "京A1234使", "沪A1234领"),
            "temporary": ("京A1234临", "京A12345临", "临京A12345"),
            "military": ("VA12345", "KA12345", "空A12345"),
            "foreign": ("MXY1234", "B-MW 5678E", "ABC123"),
        }
        for kind, plates in cases.items():
            for plate in plates:
                with self.subTest(plate=plate):
                    normal = normalize_plate(plate)
                    self.assertEqual(plate_type(normal), kind)
                    self.assertIsNone(plate_problem(normal))
                    wide = "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in plate.lower())
                    self.assertEqual(normalize_plate(wide), normal)
                    self.assertEqual(normalize_plate(format_plate(normal)), normal)
        for plate in ("京A1234", "京A12O45", "京AI12345", "京A12345I", "京AD1234A", "京AD123456"):
            with self.subTest(plate=plate):
                self.assertIsNotNone(plate_problem(plate), "A mistyped plate warns, whatever the mistake")

    def test_vin_model_year(self):
        """Position 10 repeats every 30 years: the latest year that is not after the next one."""
        self.assertEqual(model_year("LSVAF2188B2123456", date(2026, 5, 1)), 2011)
        self.assertEqual(model_year("LSVAF2188V2123456", date(2026, 5, 1)), 2027)
        self.assertEqual(model_year("LSVAF2188W2123456", date(2026, 5, 1)), 1998)
        self.assertIsNone(model_year("LSVAF218802123456", date(2026, 5, 1)))
        self.assertEqual(mask_vin("LSVAF2188B2123456"), "LSVAF2188B2******")

    def test_plate_normalize(self):
        """Plates are compared without width, case, dots, dashes and blanks."""
        for text in ("沪Ａ·１２３４５", "沪a-12345", " 沪A 12345 ", "沪A•12345", "沪A．12345"):
            self.assertEqual(normalize_plate(text), "沪A12345")
        self.assertIsNone(normalize_plate(" · "))
        self.assertEqual(format_plate("沪A12345"), "沪A·12345")
        self.assertEqual(format_plate("ABC 123"), "ABC 123")

    def test_plate_type(self):
        """The form of the plate tells its type."""
        for plate, kind in {
            "沪A12345": "ordinary",
            "粤BZ3456": "ordinary",
            "沪A1234学": "ordinary",
            "粤Z1234港": "ordinary",
            "沪AD12345": "new_energy",
            "沪A12345D": "new_energy",
            "沪A1234警": "police",
            "使123456": "embassy",
            "沪A1234领": "embassy",
            "VA12345": "military",
            "沪A1234临": "temporary",
            "WJ京1234X": "police",
            "MXY1234": "foreign",
            "沪A123": "ordinary",
        }.items():
            with self.subTest(plate=plate):
                self.assertEqual(plate_type(plate), kind)

    def test_plate_problem(self):
        """An ordinary plate has 7 characters, a new-energy plate 8; other types are taken as they come."""
        self.assertIsNone(plate_problem("沪A12345"))
        self.assertEqual(plate_problem("沪A1234"), ("length", 7))
        self.assertEqual(plate_problem("沪A12345", "new_energy"), ("length", 8))
        self.assertEqual(plate_problem("沪A123I5"), ("form", "ordinary"))
        self.assertIsNone(plate_problem("ANYTHING", "foreign"))

    def test_phone_digits(self):
        """A number is found however it is written, and a fragment stays a fragment of it."""
        for text in ("+86 138 0013 8000", "0086-13800138000", "138 0013 8000", "8613800138000"):
            self.assertEqual(phone_digits(text), "13800138000")
        for text in ("+86 21 6234 5678", "021-62345678", "(021) 6234 5678"):
            self.assertEqual(phone_digits(text), "2162345678")
        for text in ("0013", "000000", "8000", "0753"):
            self.assertEqual(phone_digits(text), text)
        self.assertEqual(phone_digits(None), "")

    def test_masks(self):
        """Enough to recognise, not enough to use; never the whole number."""
        self.assertEqual(mask_phone("+86 138 0013 8000"), "138****8000")
        self.assertEqual(mask_phone("021-62345678"), "021****5678")
        self.assertEqual(mask_phone("12345"), "***45")
        self.assertEqual(mask_phone(False), "")
        self.assertEqual(mask_identity("110101199001011234"), "110*************34")
        self.assertEqual(mask_identity("1234"), "****")
