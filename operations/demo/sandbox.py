"""Creates the demonstration's test world: a small catalogue, a few customers and budgets per merchant."""

from decimal import Decimal

from domain.actor import Actor
from domain.catalog import pricing, products
from domain.people import customers
from domain.sales.budgets import budgets
from domain.sales.budgets.budget_lines import ItemInput
from models.budget import Budget
from models.product import PriceRuleKind
from operations.demo.retail import Market

ARTICLES, BUYERS = 6, 4


def fill(actor: Actor, goods: Market) -> list[Budget]:
    """Create the rows for an actor of the merchant in the test world. All budgets are pending."""
    tax = pricing.create_rule(
        actor, pricing.PriceRuleInput(name="VAT 20 %", kind=PriceRuleKind.TAX, percentage=Decimal(20))
    )
    offered = [
        products.create(actor, products.ProductInput(
            name=article.name, price=article.price, sku=article.sku, category=article.category, tax_id=tax.id
        )).id
        for article in goods.articles[:ARTICLES]
    ]
    made = []
    for number in range(1, BUYERS + 1):
        buyer = customers.create(actor, customers.CustomerInput(
            name=f"Test customer {number}", email=f"customer{number}@test.example"
        ))
        items = [ItemInput(product_id=offered[number], quantity=Decimal(number))]
        made.append(budgets.create(actor, budgets.BudgetInput(customer_id=buyer.id, items=items)))
    return made
