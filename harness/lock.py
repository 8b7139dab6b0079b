"""A lock file, so that two set-ups never work on the same directory at once."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from .errors import SetupError
from .paths import home
from .say import say


@contextmanager
def locked(name: str) -> Iterator[None]:
    """Hold the lock ``name`` of this home; a second process waits and says so.

    The operating system frees the lock when its holder ends, however it ends.
    """
    try:
        home().mkdir(parents=True, exist_ok=True)
        handle = (home() / f"{name}.lock").open("w")
    except OSError as error:
        raise SetupError(
            f"Cannot write to {home()} ({error.strerror}): set AFTERSALES_HOME to a directory that you may write to."
        ) from error
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"Another harness holds the lock '{name}' of {home()}: waiting for it to finish.")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
