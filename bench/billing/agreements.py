"""Generates the orders of a year from a seed, with what customers and merchants do on which day."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random

START = datetime(2027, 1, 29, tzinfo=UTC)       # so that many days of the year are last days of months
YEAR = 365
MADE_AT, DONE_AT = timedelta(hours=9), timedelta(hours=15)       # of a day: orders are made, and something is done
METHODS = (
    "test_ok", "test_ok", "test_ok", "test_soft_decline", "test_hard_decline", "test_soft_then_ok", "test_answer_lost",
    "test_request_lost", "test_notify_first", "test_notify_thrice", "test_notify_late", "test_down_hour",
    "test_requires_action",
)
VERBS = (
    "card", "card", "card", "pause", "resume", "refund", "refund", "skip", "retry", "execute", "reschedule", "amount",
    "cancel",
)


@dataclass(frozen=True, slots=True)
class Product:
    """What is sold; percentages as people write them. Tax is contained in the price."""

    kind: str                       # subscription or instalment
    price: Decimal
    tax: int
    discount: int
    fee: int
    discount_first_only: bool
    fee_first_only: bool


@dataclass(frozen=True, slots=True)
class Action:
    """Something that is done on a day, counted from the start, at three in the afternoon."""

    day: int
    verb: str
    value: str | int | None = None


@dataclass(frozen=True, slots=True)
class Agreement:
    """An order: made and paid at nine in the morning of a day."""

    number: int
    product: int
    quantity: int
    unit: str
    every: int
    day: int
    instalments: int | None
    initial: Decimal | None
    start_after: int | None         # days from the order to the first payment after the initial one
    trial_days: int | None
    first: str                      # the payment method that it is first paid with
    then: str                       # and the one for what follows
    actions: tuple[Action, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """How many orders of each kind, and the seed of everything else."""

    subscriptions: int = 1000
    instalments: int = 200
    seed: int = 10


@dataclass(frozen=True, slots=True)
class Year:
    """What happens."""

    products: tuple[Product, ...]
    agreements: tuple[Agreement, ...]


def made_up(plan: Plan) -> Year:
    """The year of a plan; the same for the same seed."""
    dice = Random(plan.seed)
    products = tuple(_product(dice, kind) for kind in ("subscription", "instalment") for _ in range(20))
    kinds = ["subscription"] * plan.subscriptions + ["instalment"] * plan.instalments
    dice.shuffle(kinds)
    return Year(products, tuple(
        _agreement(dice, number, kind, len(products)) for number, kind in enumerate(kinds)
    ))


def _product(dice: Random, kind: str) -> Product:
    return Product(
        kind, Decimal(dice.randint(500, 50_000)) / 100, dice.choice((0, 7, 19, 21)), dice.choice((0, 0, 5, 30)),
        dice.choice((0, 0, 3)), dice.random() < 0.5, dice.random() < 0.5,
    )


def _agreement(dice: Random, number: int, kind: str, products: int) -> Agreement:
    half, day = products // 2, dice.randint(0, 90)
    is_instalment = kind == "instalment"
    begins = dice.choice(("now", "now", "start", "start" if is_instalment else "trial"))
    unit = dice.choice(("DAY", "WEEK", "MONTH", "MONTH", "MONTH", "YEAR"))
    every = dice.randint(10, 40) if unit == "DAY" else dice.randint(1, 3) if unit != "YEAR" else 1
    return Agreement(
        number=number, product=dice.randrange(half) + (half if is_instalment else 0), quantity=dice.randint(1, 5),
        unit=unit, every=every, day=day, instalments=dice.randint(1, 12) if is_instalment else None,
        initial=Decimal(dice.randint(0, 400)) / 100 if is_instalment else None,
        start_after=dice.randint(0, 60) if begins == "start" else None,
        trial_days=dice.randint(1, 45) if begins == "trial" else None,
        first=dice.choice(("test_ok",) * 8 + ("test_soft_decline", "test_answer_lost")), then=dice.choice(METHODS),
        actions=_actions(dice, day),
    )


def _actions(dice: Random, day: int) -> tuple[Action, ...]:
    """At most one a day; an order that was not paid is paid the next day, one that is paused goes on some day."""
    days = sorted(dice.sample(range(day + 2, YEAR), dice.randint(0, 6)))
    actions = [Action(day + 1, "pay", "test_ok")]
    for one in days:
        verb = dice.choice(VERBS)
        if verb == "cancel" and dice.random() < 0.7:
            verb = "card"
        values: dict[str, str | int] = {
            "card": dice.choice(METHODS), "refund": dice.choice((30, 100)), "reschedule": dice.randint(1, 20),
            "amount": dice.randint(80, 130),
        }
        actions.append(Action(one, verb, values.get(verb)))
        if verb == "pause" and dice.random() < 0.8:
            actions.append(Action(one + dice.randint(1, 80), "resume"))
    known: dict[int, Action] = {}
    for action in actions:
        if action.day < YEAR:
            known.setdefault(action.day, action)
    return tuple(known[one] for one in sorted(known))
