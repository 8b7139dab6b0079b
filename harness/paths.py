"""Where the harness keeps its things."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

REPO = Path(__file__).resolve().parent.parent
ADDON = "aftersales_crm"
ADDONS_DIR = REPO / "addons"
ADDON_DIR = ADDONS_DIR / ADDON
REQUIREMENTS = Path(__file__).resolve().parent / "requirements.txt"


def home() -> Path:
    """Return the directory that holds everything the harness sets up.

    ``AFTERSALES_HOME`` wins, then the user's cache directory.
    """
    given = os.environ.get("AFTERSALES_HOME")
    if given:
        return Path(given).expanduser().resolve()
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(cache).expanduser().resolve() / ADDON


def home_key() -> str:
    """Return a short name for this home, for things that cannot live inside it."""
    return hashlib.sha256(str(home()).encode()).hexdigest()[:10]


def log_dir() -> Path:
    """Return the directory of the set-up and server logs; those older than a week are removed."""
    path = home() / "log"
    path.mkdir(parents=True, exist_ok=True)
    limit = time.time() - 7 * 24 * 3600
    for old in path.iterdir():
        if old.stat().st_mtime < limit:
            old.unlink(missing_ok=True)
    return path


def setup_log() -> Path:
    """Return the log of the set-up commands."""
    return log_dir() / "setup.log"
