"""Declares the Core API: its operations by REST and JSON-RPC, and its names.

Every module of the package is imported, so that what it exposes is part of the contract.
"""

from importlib import import_module
from pkgutil import walk_packages

from blueprints.api.core import accounting, administration, budget_links, iam
from blueprints.api.core.contract import CONTRACT as CONTRACT

assert administration                    # imported first: in documents merchants come before what names them
for module in walk_packages(__path__, f"{__name__}."):
    import_module(module.name)

CONTRACT.operations += [*accounting.operations(CONTRACT), *iam.OPERATIONS, *budget_links.OPERATIONS]
CONTRACT.roots = tuple(dict.fromkeys(operation.path.split("/")[1] for operation in CONTRACT.operations))
CONTRACT.objects = {
    operation.exposure.resource.noun: operation.exposure.name
    for operation in CONTRACT.operations if operation.exposure is not None
}
