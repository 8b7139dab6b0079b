"""The errors of the harness: what a person using it reads, and what a check of the product finds broken."""

from __future__ import annotations


class SetupError(Exception):
    """Something outside the project is missing: a right, a package, the network.

    The message is one sentence that says what to do about it; it is printed
    without a traceback and the command ends with exit code 2.
    """


class ChainBroken(Exception):
    """A link of the after-sales chain did not hold; the message says which and how."""


def expect(holds: object, text: str) -> None:
    """Raise :class:`ChainBroken` with the text unless something holds."""
    if not holds:
        raise ChainBroken(text)
