"""Python imports this at the start of every program that tests start.

The garbage collector looks seldom, as in the tests themselves; with --at, the clock is moved.
"""

import gc
import os
import time

gc.set_threshold(50_000, 20, 20)
ahead = os.environ.get("TESTS_ARE_AHEAD_BY")
if ahead:
    import time_machine

    time_machine.travel(time.time() + float(ahead)).start()
