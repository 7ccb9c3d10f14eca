"""Forks processes that end with their parent, and passes signals to them."""

import ctypes
import logging
import os
import signal
import sys
from collections.abc import Callable
from typing import NoReturn

PR_SET_PDEATHSIG = 1
STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
SIGNALS = (*STOPPING, signal.SIGCHLD)                # those that a parent waits for, so they are blocked in it

log = logging.getLogger("countinghouse.server")


def fork(body: Callable[[], None]) -> int:
    """Run `body` in a child process that dies with its parent; its process id."""
    parent = os.getpid()
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        die_with_parent(parent)
        body()
        status = 0
    except BaseException:
        log.exception("a child process failed")
    finally:
        # Never return into the parent's stack, nor wait for a thread that hangs.
        logging.shutdown()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def execute(command: list[str]) -> NoReturn:
    """Become another program: same process, same children, signals that are blocked stay so."""
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(command[0], command)  # noqa: S606  (no shell is meant)


def wait_for(pid: int) -> int:
    """The exit code of a child, once it has ended."""
    return code_of(os.waitpid(pid, 0)[1])


def code_of(status: int) -> int:
    """A wait status as a shell's exit status: 137 after SIGKILL."""
    return os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)


def die_with_parent(parent: int) -> None:
    """Have the kernel end this process when its parent ends, which frees the port."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:                       # it ended before the call
        os._exit(1)


def until_signal(stop: Callable[..., None]) -> None:
    """Call `stop` on the signals of a graceful stop, also on one that has arrived before."""
    for number in STOPPING:
        signal.signal(number, stop)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
