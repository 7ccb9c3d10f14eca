"""Declares announcements in the Core API."""

from blueprints.api.contract import Parameter
from blueprints.api.core.contract import CONTRACT
from blueprints.api.core.vocabulary import COMPANY, HISTORY, ID, IDS, SORTS, words
from blueprints.api.field import Field
from blueprints.api.field_map import Derived, Moment
from blueprints.api.verbs import expose
from domain.support import announcements
from models.announcement import AnnouncementStatus

expose(
    CONTRACT,
    announcements.RESOURCE,
    "/announcements",
    {
        "id": ID,
        "companies_id": COMPANY,
        "title": Field(name="title"),
        "content": Field(name="content"),
        "status": Field(name="status"),
        "published_dt": Moment(name="published_at"),
        "clients_ids": Derived(
            name="customer_ids", refers="customer",
            make=lambda children: [one.customer_id for one in children["recipients"]],
        ),
        **HISTORY,
    },
    verbs=("get", "list", "create", "update", "delete", "publish", "withdraw"),
    required=("merchant_id", "title", "content"),
    tenant="companies_id",
    parameters={
        **IDS, "status": Parameter("status", words(AnnouncementStatus)), "clients_id": Parameter("customer_id"),
    },
    sorts={**SORTS, "u_dt": "updated_at", "published_dt": "published_at", "title": "title"},
)
