"""Lists the contracts that have a reference."""

from blueprints.api import core, merchant, public
from blueprints.api.contract import Contract

PUBLISHED: dict[str, Contract] = {one.name: one for one in (public.CONTRACT, merchant.CONTRACT, core.CONTRACT)}
