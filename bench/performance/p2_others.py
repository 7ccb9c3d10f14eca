"""P2: compares the CPU of a list call with Django REST framework, API keys and request tracking.

The other side gets an environment of its own in the temporary folder, made once and kept as long as
its requirements stay the same. Both run on the same server module with one process, are loaded in
turn, and are compared by the CPU seconds of their processes.
"""

import hashlib
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from bench.figures import Figure
from bench.installation import PATH, ROOT, Server, installation, serving
from bench.load import load
from bench.performance.p1_full_path import measure

ROUNDS = 5
SECONDS = 3.0
GOAL = 6.0
DRF = ROOT / "bench" / "drf"


def environment(of: Path) -> Path:
    """The Python of another side, of this folder; raises CalledProcessError when its packages cannot be had."""
    wanted = (of / "requirements.txt").read_bytes()
    folder = Path(tempfile.gettempdir()) / f"countinghouse-bench-{of.name}-{hashlib.sha256(wanted).hexdigest()[:12]}"
    python, complete = folder / "bin" / "python", folder / "complete"
    if not complete.exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "-r", str(of / "requirements.txt")], check=True, stderr=subprocess.DEVNULL)
        complete.touch()
    return python


def run(rounds: int = ROUNDS, seconds: float = SECONDS) -> list[Figure]:
    what = "CPU of a request, DRF + api-key + tracking against ours"
    try:
        python = environment(DRF)
    except (subprocess.CalledProcessError, OSError) as problem:
        return [Figure("P2", what, f"not measured: {problem}", "-", f">= {GOAL:.0f}", None)]
    with tempfile.TemporaryDirectory() as folder, installation() as here, serving("ours", here.environment) as ours:
        theirs = Server([str(python), str(DRF / "application.py"), folder], {})
        try:
            headers = {"Authorization": f"Api-Key {(Path(folder) / 'key').read_text()}"}
            pairs = ((ours, PATH, {"Authorization": f"Bearer {here.key}"}), (theirs, "/products", headers))
            for server, path, sent in pairs:
                load(server.base + path, 1.0, sent)
            found = [[measure(server, path, seconds, sent) for server, path, sent in pairs] for _ in range(rounds)]
        finally:
            theirs.stop()
    ratio = median(both[1][1] / both[0][1] for both in found)
    own, other = (median(both[side][1] for both in found) for side in (0, 1))
    rates = [median(both[side][0] for both in found) for side in (0, 1)]
    figure = f"{other:,.0f} against {own:,.0f} µs; {rates[1]:,.0f} against {rates[0]:,.0f} requests/s"
    return [Figure("P2", what, figure, f"{ratio:.1f}", f">= {GOAL:.0f}", ratio >= GOAL)]
