"""Logs a repeated fault only once a minute, so that it does not fill the log."""

import logging
import threading
import time

QUIET = 60.0                # seconds for which the same message is not logged again


class Repeated:
    """Suppresses repeated log lines; the next one reports how many were left out."""

    def __init__(self, log: logging.Logger):
        self._log = log
        self._guard = threading.Lock()
        self._said: dict[str, tuple[float, int]] = {}

    def error(self, words: str) -> None:
        """Log a line, unless the same one was logged a moment ago."""
        with self._guard:
            now = time.monotonic()
            before, left_out = self._said.get(words, (float("-inf"), 0))
            if now - before < QUIET:
                self._said[words] = (before, left_out + 1)
                return
            self._said = {one: said for one, said in self._said.items() if now - said[0] < QUIET} | {words: (now, 0)}
        self._log.error("%s%s", words, f" ({left_out} times more since the last line)" if left_out else "")

    def forget(self) -> None:
        """Forget earlier lines."""
        self._said = {}


faults = Repeated(logging.getLogger("countinghouse.faults"))


def database_away(problem: BaseException) -> None:
    """Log that the database cannot be used, with the first line of the error."""
    text = str(getattr(problem, "orig", None) or problem).strip() or "no answer"
    faults.error(f"The database cannot be used: {text.splitlines()[0][:200]}")
