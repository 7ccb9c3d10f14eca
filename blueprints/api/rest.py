"""Registers operations as routes: one rule per operation and prefix, no automatic OPTIONS."""

from flask import Flask

from blueprints.api.contract import Contract
from blueprints.api.pipeline import view


def mount(app: Flask, contract: Contract) -> None:
    """Register a contract's operations under each of its prefixes."""
    for operation in contract.operations:
        run = view(contract, operation)
        for number, prefix in enumerate(contract.prefixes):
            endpoint = f"{contract.name}.{operation.name}" + (f"#{number}" if number else "")
            rule = prefix + operation.path.replace("{", "<").replace("}", ">")
            methods = [operation.method, *operation.also]
            app.add_url_rule(rule, endpoint, run, methods=methods, provide_automatic_options=False)
