"""Runs the replay against a temporary server: `python -m bench.replay_run [options of replay_retail]`."""

import subprocess
import sys

from bench.installation import ROOT, installation, serving


def main(options: list[str]) -> int:
    """A throw-away installation on a free port; the exit status of the replay."""
    with installation(product_count=0) as here, serving("worker", here.environment) as server:
        command = [sys.executable, "-m", "bench.replay_retail", "--base", server.base, "--key", here.key]
        return subprocess.run([*command, "--instance", str(here.folder), *options], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
