"""P11 and P7: the CPU of commands, the time to the first answer of `serve`, and the memory of its idle processes.

Beside them, in turn and in the same environment: a program that only imports Flask, and Flask's empty application on
waitress. Everything runs once before it is measured, so that Python has compiled it.
"""

import contextlib
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import median

from bench.figures import Figure
from bench.installation import ROOT, children, cpu_seconds, installation

ROUNDS = 7
IDLE = 5.0                                           # seconds until the memory is read
COMMAND, FIRST_ANSWER = 0.5, 2.5                     # seconds of CPU, of the clock
ALL, PARENT = 250.0, 25.0                            # MB

CONSOLE = [sys.executable, "-c", "from blueprints.cli.console import main; main()"]
BARE_COMMAND = [sys.executable, "-c", "import flask"]
BARE_SERVER = [sys.executable, "-c", """
import sys, flask, waitress.server
server = waitress.server.create_server(flask.Flask("bare"), host="127.0.0.1", port=0)
print(f"Listening on http://127.0.0.1:{server.effective_port}", file=sys.stderr, flush=True)
server.run()
"""]
COMMANDS = (
    "--help", "key list --merchant 1", "settings list", "key create --merchant 1 --name Bench",
    "merchant create --name Bench", "customer create --merchant 1 --name Bench --email {round}@example.com", "check",
    "db upgrade",
)


def cpu_of(command: list[str], environment: Mapping[str, str]) -> float:
    """Seconds of CPU, user and system, of a program and its children."""
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command[3:])} ended with {process.returncode}")
    return used.ru_utime + used.ru_stime


class Started:
    """A server that has answered once."""

    def __init__(self, command: list[str], environment: Mapping[str, str], said: Path):
        began = time.monotonic()
        with said.open("w") as stderr:
            self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=stderr)
        while not (found := re.search(r"Listening on (http://\S+)", said.read_text())):
            if self.process.poll() is not None:
                raise RuntimeError(said.read_text())
            time.sleep(0.01)
        with contextlib.suppress(urllib.error.HTTPError):         # an empty application answers 404
            urllib.request.urlopen(f"{found[1]}/healthz", timeout=60).close()
        self.base = found[1]
        self.seconds = time.monotonic() - began
        self.cpu = sum(cpu_seconds(pid) for pid in self.pids())

    def pids(self) -> list[int]:
        return [self.process.pid, *children(self.process.pid)]

    def memory(self, kind: str = "Rss") -> list[float]:
        """Megabytes of each process, the parent first: Rss, or Pss, which counts what processes share once."""
        texts = [Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in self.pids()]
        return [int(re.findall(rf"^{kind}:\s+(\d+)", text, re.M)[0]) / 1024 for text in texts]


@contextlib.contextmanager
def started(command: list[str], environment: Mapping[str, str], folder: Path) -> Iterator[Started]:
    server = Started(command, environment, folder / "said.txt")
    try:
        yield server
    finally:
        server.process.terminate()
        server.process.wait(30)


def run(rounds: int = ROUNDS, idle: float = IDLE) -> list[Figure]:
    with installation(1) as here, tempfile.TemporaryDirectory(prefix="countinghouse-bench-") as name:
        environment = {**os.environ, **here.environment, "PYTHONPATH": str(ROOT), "PYTHONPYCACHEPREFIX": name}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        return [*commands(environment, rounds), *serve(environment, rounds, idle, Path(name))]


def commands(environment: Mapping[str, str], rounds: int) -> Iterator[Figure]:
    """The CPU of each command."""
    taken: dict[str, list[float]] = {words: [] for words in ("", *COMMANDS)}
    for turn in range(rounds + 1):
        for words, seconds in taken.items():
            command = [*CONSOLE, *words.format(round=turn).split()] if words else BARE_COMMAND
            seconds.append(cpu_of(command, environment))
    bare, *others = (median(seconds[1:]) for seconds in taken.values())
    for words, found in zip(COMMANDS, others, strict=True):
        named = " ".join(words.split()[:2]).partition(" --")[0]
        yield Figure(
            "P11", f"`{named}`", f"{found:.2f} s of CPU; importing Flask {bare:.2f}", f"{found / bare:.1f}",
            f"<= {COMMAND} s", found <= COMMAND,
        )


def serve(environment: Mapping[str, str], rounds: int, idle: float, folder: Path) -> Iterator[Figure]:
    """The first answer of `serve`, and the memory of its processes."""
    ours: list[Started] = []
    bare: list[Started] = []
    for _ in range(rounds):
        with started([*CONSOLE, "serve", "--port", "0"], environment, folder) as server:
            ours.append(server)
        with started(BARE_SERVER, environment, folder) as server:
            bare.append(server)
    seconds, cpu = median(one.seconds for one in ours), median(one.cpu for one in ours)
    floor = median(one.seconds for one in bare)
    yield Figure(
        "P11", "first answer of `serve`", f"{seconds:.2f} s, {cpu:.2f} s of CPU; Flask on waitress {floor:.2f} s",
        f"{seconds / floor:.1f}", f"<= {FIRST_ANSWER} s", seconds <= FIRST_ANSWER,
    )
    with (
        started([*CONSOLE, "serve", "--port", "0"], environment, folder) as server,
        started(BARE_SERVER, environment, folder) as empty,
    ):
        time.sleep(idle)
        parts, shared, least = server.memory(), sum(server.memory("Pss")), sum(empty.memory())
    words = " + ".join(f"{one:.0f}" for one in parts)
    yield Figure(
        "P7", "parent, server and worker, idle",
        f"{words} = {sum(parts):.0f} MB resident, {shared:.0f} if shared pages count once; "
        f"Flask on waitress {least:.0f} MB",
        f"{sum(parts) / least:.1f}", f"<= {ALL:.0f}, parent {PARENT:.0f} MB", sum(parts) <= ALL and parts[0] <= PARENT,
    )
