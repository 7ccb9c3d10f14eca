"""Shows what an order would be paid by: a creation with preview=true answers this and stores nothing."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from blueprints.api.contract import Arguments, Exposure, Operation, Outcome
from blueprints.api.merchant.contract import moment
from blueprints.api.merchant.order_bodies import named_as_sent
from blueprints.api.money_text import amount
from blueprints.api.verbs import body_of, new_of
from domain.actor import Actor
from domain.errors import Invalid, Problem
from domain.payments.checkout import previews
from domain.payments.checkout.previews import Preview

NAME = "preview"
WORDS = {"true": True, "1": True, "false": False, "0": False}


def previewed(found: Operation, exposure: Exposure, preset: Mapping[str, Any]) -> Operation:
    """The same creation, with the query parameter."""
    create: Callable[[Actor, Arguments], Outcome] = found.run

    def run(actor: Actor, arguments: Arguments) -> Outcome:
        is_preview = is_wanted(arguments.query.get(NAME, []))
        with named_as_sent(body_of(arguments)):
            if not is_preview:
                return create(actor, arguments)
            return Outcome(shown(previews.of_new(*new_of(exposure, actor, arguments, preset))), is_stored=False)

    return replace(found, run=run, before=None, parameters=(*found.parameters, NAME))


def is_wanted(given: list[str]) -> bool:
    """Whether the caller asks for a preview; raises Invalid for another value."""
    if not given:
        return False
    if len(given) > 1 or given[0] not in WORDS:
        fields = {NAME: Problem("inclusion", "is not included in the list")}
        raise Invalid("The query parameter preview is true or false.", code="invalid_parameter", fields=fields)
    return WORDS[given[0]]


def shown(found: Preview) -> dict[str, Any]:
    def money(minor: int) -> str | None:
        return amount(minor, found.currency)

    return {
        "due_now": money(found.due_now_minor), "credit": money(found.credit_minor),
        "charge": money(found.charge_minor),
        "schedule": [
            {
                "scheduled_at": moment(one.due_at), "amount": money(one.amount_minor),
                "tax_amount": money(one.tax_minor), "depends_on_use": one.depends_on_use,
            }
            for one in found.schedule
        ],
    }
