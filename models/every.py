"""Every table: whoever writes imports this, so that what refers to each other is known."""

from models.audit import AuditEntry
from models.budget import Budget, BudgetItem, BudgetStatus
from models.credential import Credential, CredentialKind, Mode
from models.currency import Currency
from models.customer import Address, AddressKind, Customer, CustomerStatus
from models.form_token import FormToken
from models.merchant import Merchant
from models.outbox import Task, TaskStatus
from models.product import (
    Billing,
    IntervalUnit,
    PriceRule,
    PriceRuleKind,
    Product,
    ProductGroup,
    ProductKind,
    ProductStatus,
)
from models.rate import ExchangeRate
from models.reply import IdempotentReply
from models.setting import Setting
from models.user import Membership, Role, User, UserSession
from models.webhook import Attempt, Delivery, Endpoint, EndpointStatus

__all__ = [
    "Address",
    "AddressKind",
    "Attempt",
    "AuditEntry",
    "Billing",
    "Budget",
    "BudgetItem",
    "BudgetStatus",
    "Credential",
    "CredentialKind",
    "Currency",
    "Customer",
    "CustomerStatus",
    "Delivery",
    "Endpoint",
    "EndpointStatus",
    "ExchangeRate",
    "FormToken",
    "IdempotentReply",
    "IntervalUnit",
    "Membership",
    "Merchant",
    "Mode",
    "PriceRule",
    "PriceRuleKind",
    "Product",
    "ProductGroup",
    "ProductKind",
    "ProductStatus",
    "Role",
    "Setting",
    "Task",
    "TaskStatus",
    "User",
    "UserSession",
]
