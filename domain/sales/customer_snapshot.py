"""Stores a decided document's customer: name, e-mail and billing address as they were then."""

from domain.people.customer_addresses import AddressInput
from models.budget import Budget, BudgetStatus


def update(budget: Budget) -> None:
    """Store them when the budget is decided; clear them when it is pending, which shows the customer's own."""
    if budget.status is BudgetStatus.PENDING:
        budget.customer_name = budget.customer_email = budget.billing_address = None
    elif budget.customer_name is None:
        customer, address = budget.customer, budget.customer.billing_address
        budget.customer_name, budget.customer_email = customer.name, customer.email
        if address is not None:
            budget.billing_address = {name: getattr(address, name) for name in AddressInput.model_fields}
