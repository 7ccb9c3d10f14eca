"""Declares a noun for contracts and pages: its listing, its input, its actions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from domain.actor import Actor
from domain.inputs import Input
from domain.lifecycle import Undo
from domain.listing import Listing


@dataclass(frozen=True, slots=True)
class Kept:
    """The result of a deletion that removed nothing, because the row is in use; {} in the notice is its name."""

    notice: str


@dataclass(frozen=True)
class Several:
    """What an action does to several rows together, not to each; `confirm` says it before, or raises why not.

    `run` gets the actor for the merchant of the first row, and locked rows.
    """

    run: Callable[[Actor, Sequence[Any]], Any]
    confirm: Callable[[Sequence[Any]], Sequence[str]]
    past: str = ""                                  # of the notice: {} were merged into one.


@dataclass(frozen=True, kw_only=True)
class Action:
    """One action of a noun: its function, and what pages need to offer, confirm and undo it.

    `offered` gets a row of the listing or an entity; it decides what pages show, `run` what is allowed.
    `undo` is called with the values that the columns of `keeps` had before.
    """

    run: Callable[[Actor, Any], Any]
    title: str = ""                                 # of the button: Archive. Without one only APIs offer it
    past: str = ""                                  # of the notice: {} was archived.
    icon: str = "check"
    offered: Callable[[Actor, Any], bool] = lambda actor, row: True
    confirm: Callable[[Any], Sequence[str]] | None = None      # of the dialog: a sentence, then facts
    typed: bool = False                             # the row's name must be typed to confirm
    undo: Undo | None = None
    keeps: tuple[str, ...] = ()
    bulk: bool = False                              # many rows at once are allowed
    danger: bool = False                            # it ends or removes something
    removes: bool = False                           # the row is deleted afterwards
    may_keep: bool = False                          # it may return Kept
    primary: bool = False                           # the first button of the record's page
    several: Several | None = None                  # many rows at once are changed together
    lasting: bool = False                           # nothing takes it back, and the row can no longer be deleted
    asks: bool = False                              # `run` returns what is asked outside, after the transaction


def deletion(run: Callable[[Actor, Any], Any], **changed: Any) -> Action:
    """The delete action, with the noun's own texts."""
    usual = Action(run=run, title="Delete", past="{} was deleted.", icon="trash", danger=True, removes=True)
    return replace(usual, **changed)


def switch(
    off: Callable[[Actor, Any], Any],
    on: Callable[[Actor, Any], Any],
    *,
    is_on: Callable[[Any], bool],
    undo: Undo,
    keeps: str,
    titles: tuple[str, str] = ("Archive", "Activate"),
    past: tuple[str, str] = ("{} was archived.", "{} was activated."),
    icons: tuple[str, str] = ("archive", "archive-off"),
    allowed: Callable[[Actor], bool] = lambda actor: True,
    bulk: bool = False,
    confirm: Callable[[Any], Sequence[str]] | None = None,
) -> dict[str, Action]:
    """The actions `archive` and `activate`, one of which each row is offered; `confirm` is about `archive`."""
    return {
        "archive": Action(
            run=off, title=titles[0], past=past[0], icon=icons[0], undo=undo, keeps=(keeps,), bulk=bulk,
            confirm=confirm,
            offered=lambda actor, row: is_on(row) and allowed(actor),
        ),
        "activate": Action(
            run=on, title=titles[1], past=past[1], icon=icons[1], undo=undo, keeps=(keeps,), bulk=bulk,
            offered=lambda actor, row: not is_on(row) and allowed(actor),
        ),
    }


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A sample row for the API reference, with the domain's names and values."""

    sent: Mapping[str, Any]                          # the fields of a creation
    read_only: Mapping[str, Any] = field(default_factory=dict)       # the fields that are only read
    changed: tuple[str, ...] = ()                    # the fields of a change

    @property
    def whole(self) -> Mapping[str, Any]:
        """All fields that are read."""
        return {**self.sent, **self.read_only}


@dataclass(frozen=True, kw_only=True)
class Resource:
    """Declares a noun once; contracts and pages call nothing else.

    Signatures are the same for every noun: `create(actor, input)`, `update(actor, row, changes)`, and
    `run(actor, row)` of its actions and of its deletion. They flush but never commit.

    Slow work, such as hashing, is done before the transaction, after the permission was checked:
    `create` then takes the result of `before_create(actor, input)`, and `update` the result of
    `before_update(actor, changes)`.
    """

    name: str                                       # plural: customers
    noun: str                                       # singular: customer
    listing: Listing
    read_scope: str
    write_scope: str
    input: type[Input] | None = None
    create: Callable[..., Any] | None = None
    update: Callable[..., Any] | None = None
    before_create: Callable[..., Any] | None = None
    before_update: Callable[..., Any] | None = None
    may_create: Callable[[Actor], bool] = lambda actor: True       # beyond the scope
    delete: Action | None = None
    sample: Sample = Sample(sent={})
    secret_field: str = ""                             # the field shown once, when create gives (row, secret)
    actions: Mapping[str, Action] = field(default_factory=dict)

    @property
    def verbs(self) -> Mapping[str, Action]:
        """All actions by verb, the deletion last."""
        return self.actions if self.delete is None else {**self.actions, "delete": self.delete}
