"""A real Odoo server as a child process: started, waited for, watched and stopped by its pid."""

from __future__ import annotations

import re
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from .environment import Environment
from .errors import SetupError
from .paths import log_dir
from .postgres import free_port
from .say import tail

#: Two transactions at one row: PostgreSQL refuses the second, Odoo logs the refusal and repeats the request. Should it
#: give up in the end, it logs another error.
_RETRIED = re.compile(r"odoo\.sql_db: bad query: .*could not serialize access", re.DOTALL)
_LOG_LINE = re.compile(r"^\d{4}-\d\d-\d\d [\d:,]+ \d+ (?P<level>[A-Z]+) ")


def log_problems(text: str, allowed: Sequence[str] = ()) -> list[str]:
    """Return the ERROR and CRITICAL entries of an Odoo log, each with its traceback.

    An entry in which one of the regular expressions ``allowed`` is found is left out.  A
    traceback outside of any error entry counts too: it is a program that died on its own.
    """
    entries: list[tuple[str, list[str]]] = [("", [])]
    for line in text.splitlines():
        match = _LOG_LINE.match(line)
        if match:
            entries.append((match["level"], [line]))
        else:
            entries[-1][1].append(line)
    problems = []
    for level, lines in entries:
        entry = "\n".join(lines)
        broken = level in ("ERROR", "CRITICAL") or (level == "" and "Traceback (most recent call last)" in entry)
        if broken and not _RETRIED.search(entry) and not any(re.search(pattern, entry) for pattern in allowed):
            problems.append(entry)
    return problems


class OdooServer:
    """One Odoo server on one database.

    ``workers`` above 0 starts Odoo's process pool (and its gevent process) instead of threads;
    ``cron_threads`` are the scheduled-action workers, none unless asked for, so that a test
    decides itself when they run.
    """

    def __init__(
        self,
        env: Environment,
        database: str,
        *,
        port: int | None = None,
        interface: str = "127.0.0.1",
        workers: int = 0,
        cron_threads: int = 0,
        options: Sequence[str] = (),
        log: Path | None = None,
    ) -> None:
        self.env = env
        self.database = database
        self.port = port or free_port()
        self.interface = interface
        self.workers = workers
        self.cron_threads = cron_threads
        self.options = list(options)
        self.log = log or log_dir() / f"server-{database}-{self.port}.log"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The address of the server, without a trailing slash."""
        return f"http://{self.interface}:{self.port}"

    def command(self) -> list[str]:
        """Return the command line of the server."""
        words = [
            str(self.env.python),
            "-m",
            "odoo",
            "server",
            "-c",
            str(self.env.odoo_conf),
            "-d",
            self.database,
            f"--http-port={self.port}",
            f"--http-interface={self.interface}",
            f"--workers={self.workers}",
            f"--max-cron-threads={self.cron_threads}",
        ]
        if self.workers:
            words.append(f"--gevent-port={free_port()}")
        return words + self.options

    def start(self, *, timeout: float = 120) -> OdooServer:
        """Start the process and wait until it answers; ``SetupError`` when it does not."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(
                self.command(),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=self.env.process_env(),
            )
        limit = time.monotonic() + timeout
        while time.monotonic() < limit:
            if self.process.poll() is not None:
                raise SetupError(f"Odoo ended while starting:\n{tail(self.log)}\nSee {self.log}.")
            if self.answers():
                return self
            time.sleep(0.2)
        self.stop()
        raise SetupError(f"Odoo did not answer on {self.url} within {timeout:.0f} s; see {self.log}.")

    def answers(self) -> bool:
        """Tell whether the server serves its database."""
        try:
            with urllib.request.urlopen(f"{self.url}/web/login", timeout=30) as response:
                return response.status == 200
        except (urllib.error.URLError, OSError):
            return False

    def stop(self, *, timeout: float = 20) -> None:
        """Stop the process (and the pool it started); stopping twice is fine."""
        process = self.process
        if process is None or process.poll() is not None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def kill(self) -> None:
        """End the process at once, as a machine that loses its power would."""
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def log_text(self) -> str:
        """Return what the server has logged so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def problems(self, allowed: Sequence[str] = ()) -> list[str]:
        """Return the errors that the server has logged so far."""
        return log_problems(self.log_text(), allowed)

    def __enter__(self) -> OdooServer:
        return self.start()

    def __exit__(self, *_exception: object) -> None:
        self.stop()
