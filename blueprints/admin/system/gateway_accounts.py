"""The list of the gateways of all merchants: which are in use, and which are on hold after failures."""

from blueprints.admin.crud.listing import Column, ListPage
from domain.payments.exceptions import gateways_on_hold

PAGE = ListPage(
    resource=gateways_on_hold.RESOURCE,
    mount="/gateway-accounts",
    title="Gateways of merchants",
    apart="The page of payment gateways has their settings; those on hold are exceptions.",
    icon="bolt",
    about="Which payment gateways are in use, and which are left alone for a while after failures.",
    columns=(
        Column(name="merchant_name", title="Merchant", kind="link"),
        Column(name="gateway"),
        Column(name="enabled", title="In use", kind="flag"),
        Column(name="failures_in_row", title="Failures in a row", kind="number", minor=True),
        Column(name="parked_until", title="On hold until", kind="when", sort="parked_until"),
    ),
    name=lambda row: f"Gateway {row.gateway}",
)
