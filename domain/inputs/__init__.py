"""Defines the types of input fields and reads inputs: `parse` for a new row, `changes` for some fields.

Input models are strict (JSON types count). Values that come as text, from forms, are read with
`text=True`, which turns "12.50" into a number and "on" into true. The library's messages never reach
a caller: every error type has a message here, and the value that was sent is never repeated.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Annotated, Any, ClassVar, TypeVar, get_args, get_origin

from annotated_types import GroupedMetadata
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    ValidationError,
    WithJsonSchema,
    create_model,
)

from domain.errors import Invalid, Problem
from domain.inputs import schema_facts, times, validators
from domain.inputs.nullable import NullIfBlank
from domain.inputs.validators import LARGEST, wrong
from models.money import to_minor


class Input(BaseModel):
    """Base of all input models: callers can write only the fields it names."""

    model_config = ConfigDict(extra="ignore", frozen=True)
    only_in_changes: ClassVar[frozenset[str]] = frozenset()       # what a creation sets by itself
    only_at_creation: ClassVar[frozenset[str]] = frozenset()      # what a change may repeat, but not change


Model = TypeVar("Model", bound=Input)


@dataclass(frozen=True)
class Text(GroupedMetadata):
    """A string without surrounding space, of `minimum` to `maximum` characters."""

    maximum: int
    minimum: int = 0

    def __iter__(self) -> Iterator[object]:
        yield Field(min_length=self.minimum, max_length=self.maximum)
        yield BeforeValidator(validators.stripped)
        if self.minimum:
            yield schema_facts.VISIBLE


@dataclass(frozen=True)
class NameText(GroupedMetadata):
    """A name: text with at least one visible letter or digit."""

    maximum: int
    minimum: int = 0

    def __iter__(self) -> Iterator[object]:
        yield from Text(self.maximum, self.minimum)
        yield AfterValidator(validators.name)


@dataclass(frozen=True)
class Number(GroupedMetadata):
    """A decimal number within bounds, exact; `above` is an exclusive lower bound."""

    minimum: int = 0
    maximum: Decimal | int = LARGEST
    above: int | None = None
    decimals: int | None = None

    def __iter__(self) -> Iterator[object]:
        yield Field(le=self.maximum)
        yield Field(ge=self.minimum) if self.above is None else Field(gt=self.above)
        if self.decimals is not None:
            yield AfterValidator(validators.decimals(self.decimals))
        yield BeforeValidator(validators.number)
        yield WithJsonSchema(self._schema())

    def _schema(self) -> dict[str, Any]:
        least = {"minimum": self.minimum} if self.above is None else {"exclusiveMinimum": self.above}
        found = {"type": "number", **least, "maximum": int(self.maximum)}
        return found if self.decimals is None else found | schema_facts.decimals(self.decimals)


@dataclass(frozen=True)
class Whole(GroupedMetadata):
    """A whole number within bounds."""

    minimum: int
    maximum: int

    def __iter__(self) -> Iterator[object]:
        yield Field(ge=self.minimum, le=self.maximum)
        yield BeforeValidator(validators.whole)


def Choice(kind: type[StrEnum]) -> BeforeValidator:
    """A member of a StrEnum by its value, exact."""
    values = [item.value for item in kind]

    def read(value: Any) -> Any:
        if not isinstance(value, str) or value not in values:
            raise wrong("inclusion", "must be one of " + ", ".join(values))
        return kind(value)

    return BeforeValidator(read)


T = TypeVar("T")
# Or null; a blank text and an empty field of a form are null too.
Maybe = Annotated[T | None, NullIfBlank()]
# Or null, such as a name of which other parts make one; a blank text of JSON is a mistake that the domain names.
MaybeFilled = Annotated[T | None, BeforeValidator(validators.empty_is_none)]
# May be left out; null means the same in a creation and is refused in a change. A form's empty field is left out.
OrAbsent = Annotated[T | None, BeforeValidator(validators.not_null), schema_facts.NullIfNew()]

Name = Annotated[str, NameText(200, 1)]
Title = Annotated[str, Text(200, 1), AfterValidator(validators.title)]         # of a thing: with a visible character
LongText = Annotated[str, Field(max_length=5000), BeforeValidator(validators.string)]
Email = Annotated[str, BeforeValidator(validators.stripped), AfterValidator(validators.email), schema_facts.EMAIL]
TaggedEmail = Annotated[Email, AfterValidator(validators.has_room_for_a_tag)]  # of a mailbox of our own
WebAddress = Annotated[
    str, Field(max_length=2048), AfterValidator(validators.web_address), BeforeValidator(validators.stripped),
    schema_facts.WEB_ADDRESS,
]
Country = Annotated[
    str, BeforeValidator(validators.stripped), AfterValidator(validators.country_code), schema_facts.COUNTRY
]
CurrencyCode = Annotated[
    str, BeforeValidator(validators.stripped), AfterValidator(validators.currency_code), schema_facts.CURRENCY
]
TimeZone = Annotated[
    str, BeforeValidator(validators.stripped), AfterValidator(validators.timezone), schema_facts.TIME_ZONE
]
Colour = Annotated[
    str, BeforeValidator(validators.stripped), AfterValidator(validators.colour), schema_facts.COLOUR
]
Code = Annotated[str, Text(100), AfterValidator(validators.visible)]          # such as a sku
Truth = Annotated[bool, BeforeValidator(validators.truth)]
Moment = Annotated[datetime, BeforeValidator(times.moment_of)]
Until = Annotated[datetime | date, PlainValidator(times.until), WithJsonSchema(schema_facts.UNTIL)]
Day = Annotated[date, BeforeValidator(times.day)]
PastDay = Annotated[date, AfterValidator(times.past), BeforeValidator(times.day)]
Metadata = Annotated[dict[str, str], BeforeValidator(validators.metadata), schema_facts.METADATA]
Networks = Annotated[
    list[str], Field(max_length=100), AfterValidator(validators.networks), BeforeValidator(validators.lines),
    schema_facts.NETWORKS,
]
Quantity = Number(above=0, maximum=1_000_000, decimals=4)
Percentage = Number(0, 1000, decimals=4)
RowId = Annotated[int, Whole(1, 2**63 - 1)]


# The message for an amount that is left out while its currency changes: it would be read in the new one.
SENT_AGAIN = Problem("incomplete", "must be sent again when the currency changes")


def sent_again(amounts: Mapping[str, Any], given: Collection[str]) -> None:
    """Check that a change of currency sends every amount; raises Invalid with non-zero ones that were not sent."""
    left = [name for name, value in amounts.items() if value and name not in given]
    if left:
        raise Invalid.several(dict.fromkeys(left, SENT_AGAIN))


def minor(field: str, amount: Decimal | None, currency: str) -> int | None:
    """An amount in minor units, None for none; raises Invalid (`decimals`) for one finer than its currency."""
    try:
        return None if amount is None else to_minor(amount, currency)
    except ValueError as problem:
        raise Invalid.field(field, str(problem), "decimals") from None


SENTENCES = {
    "missing": ("missing", "is required"),
    "string_type": ("type", "must be a string"),
    "string_too_long": ("too_long", "must have at most {max_length} characters"),
    "string_too_short": ("blank", "can't be blank"),
    "greater_than": ("range", "must be greater than {gt}"),
    "greater_than_equal": ("range", "must be at least {ge}"),
    "less_than_equal": ("range", "must be at most {le}"),
    "list_type": ("type", "must be a list"),
    "dict_type": ("type", "must be an object"),
    "model_type": ("type", "must be an object"),
    "model_attributes_type": ("type", "must be an object"),
    "too_short": ("blank", "must have at least {min_length} entry"),
    "too_long": ("too_long", "must have at most {max_length} entries"),
}

# Our own errors (`wrong`) may have these names too; the library's come with their bound.
BOUNDS = {"too_short": "min_length", "too_long": "max_length"}


def parse(
    model: type[Model], data: Any, *, text: bool = False, zone: str | None = None, changing: bool = False,
    problems: Mapping[str, Problem] | None = None,
) -> Model:
    """A typed input from what a caller sent; raises Invalid with every mistake at once.

    `text` says that values come from a form; `zone` is where times without an offset are;
    `changing` that null does not stand for a field left out; `problems` are mistakes that were found before.
    """
    try:
        found = model.model_validate(data, context={"text": text, "zone": zone, "changing": changing})
    except ValidationError as problem:
        raise invalid(problem, problems) from None
    if problems:
        raise Invalid.several(problems)
    return found


def changes(
    model: type[Input], data: Any, *, text: bool = False, zone: str | None = None,
    problems: Mapping[str, Problem] | None = None,
) -> dict[str, Any]:
    """Only the fields that were sent, checked as `parse` checks them."""
    partial = parse(_partial(model), data, text=text, zone=zone, changing=True, problems=problems)
    return {name: getattr(partial, name) for name in partial.model_fields_set}


@cache
def _partial(model: type[Input]) -> type[Input]:
    fields: dict[str, Any] = {
        name: (Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation, None)
        for name, field in model.model_fields.items()
    }
    return create_model(model.__name__ + "Changes", __base__=Input, **fields)


def invalid(problem: ValidationError, others: Mapping[str, Problem] | None = None) -> Invalid:
    """The library's errors as Invalid with our messages, and other mistakes; the first of each field counts."""
    fields: dict[str, Problem] = {}
    for error in problem.errors(include_url=False, include_input=False):
        path = ".".join(str(part) for part in error["loc"] if not str(part).startswith("function-"))
        context = error.get("ctx") or {}
        bound = BOUNDS.get(error["type"])
        if error["type"] in SENTENCES and (bound is None or bound in context):
            code, sentence = SENTENCES[error["type"]]
            found = Problem(code, sentence.format(**context), context)
        else:
            found = Problem(error["type"], error["msg"], context)
        fields.setdefault(path, found)
    return Invalid.several(fields | dict(others or {}))


def lists_of(model: type[Input]) -> frozenset[str]:
    """The fields that take a list of single values, such as scopes."""
    return frozenset(name for name, one in model.model_fields.items() if _is_list(one.annotation))


def part_of(model: type[Input] | None, name: str) -> type[Input] | None:
    """The input of one entry of a field that takes a list of objects; None for any other field."""
    known = model.model_fields.get(name) if model is not None else None
    return _entry(known.annotation) if known is not None else None


def _entry(kind: Any) -> type[Input] | None:
    if get_origin(kind) is list:
        (inner,) = get_args(kind)
        return inner if isinstance(inner, type) and issubclass(inner, Input) else None
    return next((found for one in get_args(kind) if (found := _entry(one)) is not None), None)


def is_required(model: type[Input], name: str) -> bool:
    """Whether the field must always be sent."""
    return name in model.model_fields and model.model_fields[name].is_required()


def _is_list(kind: Any) -> bool:
    if get_origin(kind) is list:
        (inner,) = get_args(kind)
        return not (isinstance(inner, type) and issubclass(inner, BaseModel))
    return any(_is_list(one) for one in get_args(kind))
