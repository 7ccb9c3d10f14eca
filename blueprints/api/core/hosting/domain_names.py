"""Declares domain names in the Core API."""

from blueprints.api.contract import Parameter
from blueprints.api.core.contract import CONTRACT
from blueprints.api.core.vocabulary import COMPANY, HISTORY, ID, IDS, SORTS, VERBS, YES_NO, words
from blueprints.api.field import Field
from blueprints.api.field_map import Amount, Day
from blueprints.api.verbs import expose
from domain.hosting import domain_names
from models.domain_name import DomainStatus

DOMAINS = expose(
    CONTRACT,
    domain_names.RESOURCE,
    "/domains",
    {
        "id": ID,
        "companies_id": COMPANY,
        "clients_id": Field(name="customer_id", refers="customer"),
        "domain": Field(name="name"),
        "registrar": Field(name="registrar"),
        "status": Field(name="status"),
        "registration_date": Day(name="registered_on"),
        "expiry_date": Day(name="expires_on"),
        "next_due_date": Day(name="next_due_on"),
        "auto_renew": Field(name="auto_renew"),
        "amount": Amount(name="amount"),
        "currency": Field(name="currency"),
        **HISTORY,
    },
    verbs=tuple(verb for verb in VERBS if verb != "archive"),
    name="domains",
    required=("merchant_id", "customer_id", "name"),
    tenant="companies_id",
    parameters={
        **IDS, "clients_id": Parameter("customer_ids"), "status": Parameter("status", words(DomainStatus)),
        "domain": Parameter("name"), "auto_renew": Parameter("auto_renew", YES_NO),
    },
    sorts={**SORTS, "domain": "name", "expiry_date": "expires_on", "u_dt": "updated_at"},
)
