"""The one error that a person using the harness is meant to read."""

from __future__ import annotations


class SetupError(Exception):
    """Something outside the project is missing: a right, a package, the network.

    The message is one sentence that says what to do about it; it is printed
    without a traceback and the command ends with exit code 2.
    """
