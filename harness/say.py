"""Progress for a person, always on standard error so that standard output stays clean."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from .errors import SetupError

_START = time.monotonic()
_LIBC = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1
#: Seconds between two lines of progress when nobody watches on a terminal.
_QUIET_INTERVAL = 15.0


def say(text: str) -> None:
    """Print one line, with the seconds since the harness started."""
    elapsed = time.monotonic() - _START
    print(f"[{elapsed:6.1f}s] {text}", file=sys.stderr, flush=True)


class Progress:
    """One line of progress: rewritten in place on a terminal, repeated seldom elsewhere."""

    def __init__(self, label: str) -> None:
        self.label = label
        self.live = sys.stderr.isatty()
        self._shown = time.monotonic()
        self._text = ""
        self._lock = threading.Lock()

    def update(self, text: str) -> None:
        """Show ``text`` (a percentage, a count) behind the label."""
        with self._lock:
            if text == self._text:
                return
            self._text = text
            now = time.monotonic()
            if self.live:
                elapsed = now - _START
                line = f"[{elapsed:6.1f}s] {self.label}: {text}"
                sys.stderr.write("\r\x1b[K" + line[:118])
                sys.stderr.flush()
            elif now - self._shown >= _QUIET_INTERVAL:
                self._shown = now
                say(f"{self.label}: {text}")

    def close(self) -> None:
        """Wipe the live line so that the next message starts clean."""
        if self.live:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


@contextmanager
def step(label: str) -> Iterator[Progress]:
    """Announce a step, let it report progress, and say how long it took."""
    say(f"{label} ...")
    began = time.monotonic()
    progress = Progress(label)
    try:
        yield progress
    finally:
        progress.close()
    say(f"{label}: done in {time.monotonic() - began:.0f} s")


def run_logged(
    command: Sequence[str | os.PathLike[str]],
    log: Path,
    *,
    env: dict[str, str] | None = None,
    cwd: Path | None = None,
    on_line: Callable[[str], None] | None = None,
    tied: bool = True,
) -> int:
    """Run a command with its output in ``log`` (appended); return its exit code.

    ``on_line`` sees every line, for progress.  Nothing is raised for a failing
    command: the caller knows which sentence helps.  A program that does not
    exist is a ``SetupError``.  A ``tied`` command ends with the harness however that
    ends, so that it cannot go on writing where the next set-up starts.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a", encoding="utf-8") as out:
        out.write("\n$ " + " ".join(str(part) for part in command) + "\n")
        out.flush()
        try:
            process = subprocess.Popen(
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=env,
                cwd=cwd,
                text=True,
                errors="replace",
                preexec_fn=_die_with_parent if tied else None,
            )
        except FileNotFoundError as error:
            raise SetupError(
                f"The program '{command[0]}' is not on this machine: install it and run this again."
            ) from error
        assert process.stdout is not None
        with process, process.stdout:
            try:
                for line in process.stdout:
                    out.write(line)
                    if on_line:
                        on_line(line.rstrip())
            except BaseException:
                process.terminate()
                try:
                    process.wait(10)
                except subprocess.TimeoutExpired:
                    process.kill()
                raise
        return process.returncode


def _die_with_parent() -> None:
    """Ask the kernel to end this new process when the harness dies (Linux only)."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def tail(log: Path, lines: int = 15) -> str:
    """Return the last lines of a log, for showing with an error."""
    try:
        return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
    except OSError:
        return ""
