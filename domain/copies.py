"""Copies rows to the other world: from live to test, from test to live."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import inspect

from domain.actor import Actor
from domain.errors import Conflict
from domain.resource import Action

OWN = frozenset({"id", "version", "created_at", "updated_at", "created_by_user_id", "deleted_at", "test"})
Copy = Callable[[Actor, Any], Any]


def copy_of(row: Any, **changed: Any) -> Any:
    """A new row, not stored yet, of the other world, with the row's values but for its id and history."""
    kept = {
        column.key: getattr(row, column.key) for column in inspect(row).mapper.column_attrs if column.key not in OWN
    }
    return type(row)(**(kept | {"test": not row.test} | changed))


def copying(run: Copy, *, to_live: bool = False) -> dict[str, Action]:
    """The actions that copy rows of a noun; `run` is given the actor in the world where the copy will be."""
    worlds = (True, False) if to_live else (True,)
    return {f"copy_to_{'test' if test else 'live'}": _action(run, test=test) for test in worlds}


def _action(run: Copy, *, test: bool) -> Action:
    world = "test" if test else "live"

    def copy(actor: Actor, row: Any) -> Any:
        if row.test is test:
            raise Conflict(f"This is in the {world} world already.")
        return run(actor.in_world(test=test), row)

    return Action(
        run=copy, title=f"Copy to {world}", past=f"{{}} was copied to the {world} world.", icon="copy", bulk=True,
        offered=lambda actor, row: actor.test is not test,
    )
