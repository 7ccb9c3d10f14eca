"""Sets the clock of child processes of tests that run with --at; Python imports this at their start."""

import os
import time

ahead = os.environ.get("TESTS_ARE_AHEAD_BY")
if ahead:
    import time_machine

    time_machine.travel(time.time() + float(ahead)).start()
