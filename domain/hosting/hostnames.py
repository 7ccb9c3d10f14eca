"""Reads names of hosts, such as mysite.com, as callers write them."""

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema

from domain.inputs import validators

LONGEST = 253
PART = "[A-Za-z0-9-]{0,61}[A-Za-z0-9]"
PATTERN = rf"^([A-Za-z0-9]({PART})?\.)+[A-Za-z]({PART})?$"
NAME = re.compile(PATTERN.replace("$", r"\Z"), re.ASCII)


def hostname(value: str) -> str:
    """The name in lower case; raises for what is no name of a host. International names are written as xn--…"""
    if len(value) > LONGEST or not NAME.match(value):
        raise validators.wrong("invalid", "must be a domain name such as mysite.com")
    return value.lower()


SCHEMA: dict[str, Any] = {"type": "string", "maxLength": LONGEST, "pattern": PATTERN}
Hostname = Annotated[str, BeforeValidator(validators.stripped), AfterValidator(hostname), WithJsonSchema(SCHEMA)]
