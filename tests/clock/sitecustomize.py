"""Python imports this at the start of every child process of tests that run with --at: its clock is theirs."""

import os
import time

ahead = os.environ.get("TESTS_ARE_AHEAD_BY")
if ahead:
    import time_machine

    time_machine.travel(time.time() + float(ahead)).start()
