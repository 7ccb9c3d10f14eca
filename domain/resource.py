"""What a noun offers to every surface: its list, its input, its verbs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from domain.actor import Actor
from domain.inputs import Input
from domain.lifecycle import Undo
from domain.listing import Listing


@dataclass(frozen=True, slots=True)
class Kept:
    """What a deletion gives that removed nothing, because the row is in use; the notice names the row as {}."""

    notice: str


@dataclass(frozen=True, kw_only=True)
class Action:
    """One verb of a noun: what it does, and what pages need to offer it, confirm it, and take it back.

    `offered` sees a row of the listing or an entity; it decides what pages show, `run` decides what is done.
    `undo` is called with the values that the columns of `keeps` had before.
    """

    run: Callable[[Actor, Any], Any]
    title: str = ""                                 # of the button: Archive. Without one only APIs offer it
    past: str = ""                                  # of the notice: {} was archived.
    icon: str = "check"
    offered: Callable[[Actor, Any], bool] = lambda actor, row: True
    confirm: Callable[[Any], Sequence[str]] | None = None      # what is said before: a sentence, then facts
    typed: bool = False                             # must the row's name be typed before it is done?
    undo: Undo | None = None
    keeps: tuple[str, ...] = ()
    bulk: bool = False                              # may it be done to many rows at once?
    danger: bool = False                            # does it end or remove something?
    removes: bool = False                           # is the row found no more afterwards?
    primary: bool = False                           # is it what the record's page offers first?


def deletion(run: Callable[[Actor, Any], Any], **changed: Any) -> Action:
    """The action of deleting, with what the noun says otherwise."""
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
) -> dict[str, Action]:
    """The two actions `archive` and `activate`: each is offered where the other has nothing to take back."""
    return {
        "archive": Action(
            run=off, title=titles[0], past=past[0], icon=icons[0], undo=undo, keeps=(keeps,), bulk=bulk,
            offered=lambda actor, row: is_on(row) and allowed(actor),
        ),
        "activate": Action(
            run=on, title=titles[1], past=past[1], icon=icons[1], undo=undo, keeps=(keeps,), bulk=bulk,
            offered=lambda actor, row: not is_on(row) and allowed(actor),
        ),
    }


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A row for the documents, in the domain's names and with values as the domain takes them."""

    sent: Mapping[str, Any]                          # what a creation carries
    told: Mapping[str, Any] = field(default_factory=dict)       # what is read beside it
    changed: tuple[str, ...] = ()                    # what a change carries

    @property
    def whole(self) -> Mapping[str, Any]:
        """All that is read."""
        return {**self.sent, **self.told}


@dataclass(frozen=True, kw_only=True)
class Resource:
    """Declared once beside the rules; contracts and pages call nothing else.

    Signatures are the same for every noun: `create(actor, input)`, `update(actor, row, changes)`, and
    `run(actor, row)` of its actions and of its deletion. They flush but never commit.

    What takes long, such as hashing, is done before the transaction, once the caller may write this:
    `create` then takes what `before_create(actor, input)` made of the input, and `update` what
    `before_update(actor, changes)` made of the changes.
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
    secret_field: str = ""                             # what a creation tells once, when create gives (row, secret)
    actions: Mapping[str, Action] = field(default_factory=dict)

    @property
    def verbs(self) -> Mapping[str, Action]:
        """Every action by its verb, the deletion last."""
        return self.actions if self.delete is None else {**self.actions, "delete": self.delete}
