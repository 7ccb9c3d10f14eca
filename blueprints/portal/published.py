"""Lists the contracts that have a reference."""

from blueprints.api import client, core, merchant, public
from blueprints.api.contract import Contract

CONTRACTS: tuple[Contract, ...] = (public.CONTRACT, client.CONTRACT, merchant.CONTRACT, core.CONTRACT)
PUBLISHED = {one.name: one for one in CONTRACTS}
