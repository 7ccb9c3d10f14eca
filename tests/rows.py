"""A row of any noun, made of the noun's own Sample: what walks over all nouns needs no line for a new one."""

from decimal import Decimal

from database import transaction
from domain import inputs
from domain.actor import Actor
from tests import cast, excepted, invoicing, ordered, stored_cards, ticketed
from tests.references import ids, made_for, placed

TEXTS = ("name", "description", "notes")


# Nouns that nobody creates by a call, and what makes a row of each.
MADE = {
    "scheduled payment": ordered.make_waiting, "dispute": excepted.make_dispute,
    "gateway account": excepted.make_on_hold, "statement row": excepted.make_movement,
    "credit note": invoicing.make_credit_note, "ticket mail": ticketed.make_kept_mail,
    "payment method": stored_cards.make_kept,
}
# What gives a row the state in which a verb is possible.
READY = {"order": ordered.bring, "service": ordered.bring_service, "statement row": excepted.bring,
         "customer user": cast.bring_customer_user, "user": cast.bring_user,
         "API key": cast.bring_key}


def exact(value):
    """A sample's value as the JSON reader gives it: fractions as Decimal."""
    if isinstance(value, dict):
        return {name: exact(one) for name, one in value.items()}
    if isinstance(value, list):
        return [exact(one) for one in value]
    return Decimal(str(value)) if isinstance(value, float) else value


def sample_of(resource, actor):
    """What creates a row, in the domain's names; where it names other rows, they are of the actor's merchant."""
    known = resource.input.model_fields
    sent = resource.sample.sent
    body = {name: exact(value) for name, value in sent.items() if name in known}
    for path in ids(resource.input):
        head, _, rest = path.partition(".")
        if head in body and (rest in ("", "0") or has(body, path)):
            make_named = NAMED.get((resource.name, path))
            body = placed(body, path, make_named(actor) if make_named else made_for(path, actor))
    return body


def subscribed(actor):
    """A product that is paid by the month."""
    return cast.make_product(
        actor.merchant_id, "Hosting", currency="EUR", billing="subscription", scheduled_unit="MONTH",
        scheduled_interval=1, actor=actor)


NAMED = {("services", "product_id"): subscribed}        # rows of a kind of their own that a noun names


def wrapped(exposure, body):
    """A body with the object around it that the contract asks for."""
    return {exposure.wrapper: body} if exposure.wrapper else body


def has(body, path):
    """Whether there is a value at the dotted path."""
    for part in path.split("."):
        try:
            body = body[int(part) if isinstance(body, list) else part]
        except (KeyError, IndexError, TypeError):
            return False
    return True


def make(resource, merchant_id, text="", *, test=False):
    """The id of a new row of the merchant; `text` stands in its name, description and notes, where it has them."""
    actor = cast.actor_for(merchant_id).in_world(test=test)
    if resource.noun in MADE:
        return MADE[resource.noun](actor, text)
    known = resource.input.model_fields
    actor = actor if resource.may_create(actor) else Actor.operator()
    given = dict.fromkeys([name for name in TEXTS if text and name in known], text)
    if resource.noun == "domain name" and text:
        given["name"] = "-".join(text.lower().split()) + ".example"
    new = inputs.parse(resource.input, sample_of(resource, actor) | given)
    new = resource.before_create(actor, new) if resource.before_create else new
    with transaction():
        made = resource.create(actor, new)
        return (made[0] if isinstance(made, tuple) else made).id


FIRST = {("budgets", "convert"): "approve"}          # what another noun's verb needs


def make_ready(resource, key, verb):
    """Do with the row what has to come before the verb is offered: reinstate is for what was voided."""
    first = FIRST.get((resource.name, verb))
    if first is not None:
        with transaction():
            resource.actions[first].run(*resource.listing.lock(Actor.operator(), key))
    action = resource.actions.get(verb)
    if action is None:
        return
    if resource.noun in READY:
        READY[resource.noun](key, verb)
    with transaction():
        own, row = resource.listing.lock(Actor.operator(), key)
        if action.offered(own, row):
            return
        for other in resource.actions.values():
            if other is not action and other.offered(own, row):
                other.run(own, row)
            if action.offered(own, row):
                return
