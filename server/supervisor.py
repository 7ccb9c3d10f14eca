"""Replaces the server's child processes when they die, and on SIGTERM stops them once they have answered.

A program of its own: the process that has loaded the application and forked the first children becomes this one, so
that what only waits takes 13 MB instead of 130. A replacement is a new process and loads the application itself.
"""

import json
import logging
import os
import signal
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

from server.processes import SIGNALS, code_of, execute, fork

STOP_LIMIT = 28.0                   # seconds until the parent ends a child that does not stop
QUICK_EXIT = 10.0                   # seconds; a child that lived shorter is replaced after a pause that doubles
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
START = "import sys; sys.path.insert(0, {!r}); from server.supervisor import main; sys.exit(main())"

log = logging.getLogger("countinghouse.server")


@dataclass
class Child:
    """One child process, and the command that replaces it when it has died."""

    name: str
    command: list[str]
    pid: int = 0
    started: float = field(default_factory=time.monotonic)
    due: float = 0.0                                 # monotonic time from which it may be started again
    pause: float = FIRST_PAUSE                       # seconds until then, after a short life

    def ended(self) -> None:
        """Say when it may be started again."""
        now, self.pid = time.monotonic(), 0
        if now - self.started > QUICK_EXIT:
            self.due, self.pause = now, FIRST_PAUSE
        else:
            self.due, self.pause = now + self.pause, min(LONGEST_PAUSE, self.pause * 2)


@dataclass
class Supervisor:
    """Replaces dead children until it is told to stop."""

    children: list[Child]
    listening: int                                   # the descriptor of the socket, which replacements inherit
    stopping: bool = field(default=False, init=False)

    def run(self) -> int:
        """Run until a signal, which must be blocked; returns the exit status."""
        while not self.stopping:
            self._reap()                             # some may have ended before this program began
            self._start_missing()
            got = signal.sigtimedwait(SIGNALS, 0.2 if self._missing() else 3600.0)
            self.stopping = got is not None and got.si_signo != signal.SIGCHLD
        return self._stop()

    def _missing(self) -> list[Child]:
        return [child for child in self.children if not child.pid]

    def _start_missing(self) -> None:
        for child in self._missing():
            if time.monotonic() >= child.due:
                child.started = time.monotonic()
                child.pid = fork(lambda command=child.command: execute(command))  # type: ignore[misc]

    def _reap(self) -> None:
        for child in self.children:
            if not child.pid:
                continue
            pid, status = os.waitpid(child.pid, os.WNOHANG)
            if pid:
                child.ended()
                if not self.stopping:
                    log.warning("%s (%d) ended with %d; replacing it", child.name, pid, code_of(status))

    def _stop(self) -> int:
        os.close(self.listening)
        deadline = time.monotonic() + STOP_LIMIT
        self._send_to_children(signal.SIGTERM)
        while any(child.pid for child in self.children):
            if time.monotonic() > deadline:
                self._send_to_children(signal.SIGKILL)
            signal.sigtimedwait((signal.SIGCHLD,), 0.2)
            self._reap()
        return 0

    def _send_to_children(self, number: signal.Signals) -> None:
        for child in self.children:
            if child.pid:
                os.kill(child.pid, number)


def become(children: list[Child], listening: int) -> None:
    """Turn this process into the parent of these children; never returns."""
    given = json.dumps({"listening": listening, "children": [asdict(child) for child in children]})
    # Without the packages of the environment (-S), which a parent that waits does not need.
    execute([sys.executable, "-I", "-S", "-c", START.format(str(Path(__file__).resolve().parents[1])), given])


def main() -> int:
    """Supervise the children that the arguments name."""
    given = json.loads(sys.argv[1])
    return Supervisor([Child(**each) for each in given["children"]], given["listening"]).run()
