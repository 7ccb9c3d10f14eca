"""Tables and value types, one noun a file. Importing the package knows every table."""

from models.audit import AuditEntry
from models.budget import Budget, BudgetItem, BudgetStatus
from models.credential import Credential, CredentialKind, Mode
from models.currency import Currency
from models.customer import Address, AddressKind, Customer, CustomerStatus
from models.merchant import Merchant
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

__all__ = [
    "Address",
    "AddressKind",
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
    "ExchangeRate",
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
    "User",
    "UserSession",
]
