"""Today's API traffic for the overview, as the request log counts it."""

from dataclasses import dataclass

from domain.actor import Actor
from models.credential import Mode


@dataclass(frozen=True, slots=True)
class Today:
    """Calls since midnight in the reader's zone, and their failures."""

    requests: int
    client_errors: int
    server_errors: int
    points: tuple[int, ...]


def today(who: Actor, mode: Mode) -> Today | None:
    """The counts of the actor's merchants; None where there is no log to read."""
    return None
