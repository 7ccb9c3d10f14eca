"""Lists the contracts that have a reference."""

from blueprints.api import core, public
from blueprints.api.contract import Contract

PUBLISHED: dict[str, Contract] = {one.name: one for one in (public.CONTRACT, core.CONTRACT)}
