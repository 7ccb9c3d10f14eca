"""Generates the orders of a year from a seed, with what customers and merchants do on which day."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random

START = datetime(2027, 1, 29, tzinfo=UTC)       # so that many days of the year are last days of months
YEAR = 365
MADE_AT, DONE_AT = timedelta(hours=9), timedelta(hours=15)       # of a day: orders are made, and something is done
METERED_AT = timedelta(hours=9, minutes=7)      # not at a quarter of an hour
METHODS = (
    "test_ok", "test_ok", "test_ok", "test_soft_decline", "test_hard_decline", "test_soft_then_ok", "test_answer_lost",
    "test_request_lost", "test_notify_first", "test_notify_thrice", "test_notify_late", "test_down_hour",
    "test_requires_action",
)
VERBS = (
    "card", "card", "card", "pause", "resume", "refund", "refund", "skip", "retry", "execute", "reschedule", "amount",
    "cancel",
)
METERED_VERBS = ("card", "card", "refund", "skip", "retry", "cancel")
OF_A_KIND = 20                                  # products


@dataclass(frozen=True, slots=True)
class Tier:
    """Calls up to a number, all others in the last one."""

    up_to: int | None
    unit_price: Decimal
    flat: Decimal


@dataclass(frozen=True, slots=True)
class Calls:
    """Calls of the API at one moment, counted in minutes from the start."""

    minute: int
    number: int
    status: int


@dataclass(frozen=True, slots=True)
class Product:
    """What is sold; percentages as people write them. Tax is contained in the price."""

    kind: str                       # subscription, instalment or metered
    price: Decimal
    tax: int
    discount: int
    fee: int
    discount_first_only: bool
    fee_first_only: bool
    scheme: str | None = None       # how calls are priced
    tiers: tuple[Tier, ...] = ()
    ceiling: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Action:
    """Something that is done on a day, counted from the start, at three in the afternoon."""

    day: int
    verb: str
    value: str | int | None = None


@dataclass(frozen=True, slots=True)
class Agreement:
    """An order: made and paid in the morning of a day."""

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
    calls: tuple[Calls, ...] | None = None      # of a metered order: those of its key

    @property
    def made_at(self) -> datetime:
        return START + timedelta(days=self.day) + (MADE_AT if self.calls is None else METERED_AT)


@dataclass(frozen=True, slots=True)
class Plan:
    """How many orders of each kind, and the seed of everything else."""

    subscriptions: int = 1000
    instalments: int = 200
    metered: int = 100
    seed: int = 10


@dataclass(frozen=True, slots=True)
class Year:
    """What happens."""

    products: tuple[Product, ...]
    agreements: tuple[Agreement, ...]


def made_up(plan: Plan) -> Year:
    """The year of a plan; the same for the same seed."""
    dice = Random(plan.seed)
    products = tuple(_product(dice, kind) for kind in ("subscription", "instalment") for _ in range(OF_A_KIND))
    kinds = ["subscription"] * plan.subscriptions + ["instalment"] * plan.instalments
    dice.shuffle(kinds)
    agreements = [_agreement(dice, number, kind) for number, kind in enumerate(kinds)]
    metered = tuple(_metered_product(dice) for _ in range(OF_A_KIND))
    agreements += [_metered(dice, len(kinds) + number) for number in range(plan.metered)]
    return Year(products + metered, tuple(agreements))


def _product(dice: Random, kind: str) -> Product:
    return Product(
        kind, Decimal(dice.randint(500, 50_000)) / 100, dice.choice((0, 7, 19, 21)), dice.choice((0, 0, 5, 30)),
        dice.choice((0, 0, 3)), dice.random() < 0.5, dice.random() < 0.5,
    )


def _metered_product(dice: Random) -> Product:
    """Calls by the piece, or in one to four tiers."""
    scheme = dice.choice((None, "flat", "graduated", "volume"))
    edges = sorted(dice.sample(range(5, 400), dice.randint(0, 3)))
    tiers = tuple(
        Tier(
            edge, Decimal(0) if scheme == "flat" else Decimal(dice.randint(0, 2_000_000)) / 1_000_000,
            Decimal(dice.randint(0, 1000)) / 100,
        ) for edge in (*edges, None)
    )
    return Product(
        "metered", Decimal(dice.randint(1, 500_000)) / 1_000_000, dice.choice((0, 19, 21)), dice.choice((0, 5)),
        dice.choice((0, 3)), discount_first_only=False, fee_first_only=False, scheme=scheme,
        tiers=tiers if scheme else (), ceiling=dice.choice((None, Decimal(150))),
    )


def _metered(dice: Random, number: int) -> Agreement:
    """Calls on some days of the year, also before the order and between its moments."""
    day = dice.randint(0, 90)
    moments = dice.sample(range((YEAR + 1) * 1440), dice.randint(0, 60))
    unit = dice.choice(("DAY", "WEEK", "MONTH", "MONTH"))
    return Agreement(
        number=number, product=2 * OF_A_KIND + dice.randrange(OF_A_KIND), quantity=1, unit=unit,
        every=dice.randint(20, 40) if unit == "DAY" else dice.randint(1, 4), day=day, instalments=None, initial=None,
        start_after=None, trial_days=None, first="test_ok", then=dice.choice(METHODS),
        actions=_actions(dice, day, METERED_VERBS),
        calls=tuple(
            Calls(one, dice.randint(1, 40), dice.choice((200, 200, 200, 201, 304, 404, 500)))
            for one in sorted(moments)
        ),
    )


def _agreement(dice: Random, number: int, kind: str) -> Agreement:
    day = dice.randint(0, 90)
    is_instalment = kind == "instalment"
    begins = dice.choice(("now", "now", "start", "start" if is_instalment else "trial"))
    unit = dice.choice(("DAY", "WEEK", "MONTH", "MONTH", "MONTH", "YEAR"))
    every = dice.randint(10, 40) if unit == "DAY" else dice.randint(1, 3) if unit != "YEAR" else 1
    return Agreement(
        number=number, product=dice.randrange(OF_A_KIND) + (OF_A_KIND if is_instalment else 0),
        quantity=dice.randint(1, 5), unit=unit, every=every, day=day,
        instalments=dice.randint(1, 12) if is_instalment else None,
        initial=Decimal(dice.randint(0, 400)) / 100 if is_instalment else None,
        start_after=dice.randint(0, 60) if begins == "start" else None,
        trial_days=dice.randint(1, 45) if begins == "trial" else None,
        first=dice.choice(("test_ok",) * 8 + ("test_soft_decline", "test_answer_lost")), then=dice.choice(METHODS),
        actions=_actions(dice, day),
    )


def _actions(dice: Random, day: int, verbs: tuple[str, ...] = VERBS) -> tuple[Action, ...]:
    """At most one a day; an order that was not paid is paid the next day, one that is paused goes on some day."""
    days = sorted(dice.sample(range(day + 2, YEAR), dice.randint(0, 6)))
    actions = [Action(day + 1, "pay", "test_ok")]
    for one in days:
        verb = dice.choice(verbs)
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
