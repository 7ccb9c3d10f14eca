"""Implements list, get, create, update, delete and actions for every contract."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from flask import g

from blueprints.api.contract import Arguments, Contract, Exposure, Operation, Outcome, Parameter
from blueprints.api.field import Fields, Problems
from blueprints.api.field_map import number_after
from blueprints.api.field_parts import record_shower
from blueprints.api.requests import conditions, sent_back
from blueprints.api.requests.touched import references, slug
from blueprints.api.wire.row_cache import RowCache
from database import db
from domain import inputs, tenants
from domain.actor import Actor
from domain.errors import Invalid, NotFound, Problem
from domain.listing import LARGEST_ID
from domain.resource import Kept, Resource


def expose(
    contract: Contract,
    resource: Resource,
    path: str,
    fields: Fields,
    *,
    verbs: Sequence[str],
    parameters: Mapping[str, Parameter] | None = None,
    sorts: Mapping[str, str] | None = None,
    prefix: str = "",
    required: tuple[str, ...] = (),
    tenant: str = "",
    unscoped: tuple[str, ...] = (),
    name: str = "",
    event_shape: bool = False,
    wrapper: str = "",
) -> Exposure:
    """Offer some verbs of a noun under a path, in the contract's words.

    `tenant` is the wire name of the merchant if callers may have several; `unscoped` are verbs that require
    no scope; `name` is what the contract calls the noun; `event_shape` says that events show the noun like this;
    `wrapper` is the name of the object around the fields of a body.
    """
    show = record_shower(fields, contract.formats)
    exposure = Exposure(
        contract=contract, resource=resource, path=path, fields=fields, parameters=parameters or {},
        sorts=sorts or {}, prefix=prefix, required=required, tenant=tenant, unscoped=unscoped,
        name=name or resource.name, event_shape=event_shape, show=show, noun=slug(resource.noun),
        wrapper=wrapper, references=references(fields), written=RowCache(show) if contract.steady else None,
    )
    contract.operations += [MAKERS[name](exposure) if name in MAKERS else action(exposure, name) for name in verbs]
    return exposure


def indefinite(noun: str) -> str:
    """The noun with its article: an order, a user."""
    return f"{'an' if noun[0].lower() in 'aeio' else 'a'} {noun}"


def key_of(exposure: Exposure, text: str | None) -> int:
    """The row's id in a path; raises NotFound for anything else."""
    key = number_after(exposure.prefix, text)
    if key is None:
        raise NotFound(exposure.resource.noun, text)
    return key


def writable(exposure: Exposure) -> tuple[str, ...]:
    """The wire names that a caller may send, in order."""
    return tuple(wire for wire, one in exposure.fields.items() if one.writable)


def body_of(arguments: Arguments) -> Any:
    if not isinstance(arguments.body, dict):
        raise Invalid("The body must be a JSON object.", code="invalid_json")
    return arguments.body


def beside_id(arguments: Arguments) -> dict[str, Any]:
    """What the body says beside the id of the row, which JSON-RPC sends with it."""
    return {name: value for name, value in body_of(arguments).items() if name != "id"}


def locked(exposure: Exposure, actor: Actor, arguments: Arguments) -> tuple[Actor, Any]:
    """The actor for the row's merchant, and the row that a call changes, locked; checks If-Match."""
    own, row = exposure.resource.listing.lock(actor, key_of(exposure, arguments.key))
    conditions.check(row, arguments.if_match)
    return own, row


def shown(exposure: Exposure, actor: Actor, key: int, status: int = 200) -> Outcome:
    """The current row with its ETag."""
    record = exposure.resource.listing.read(actor, key)
    payload = exposure.contract.item(exposure.show(record))
    version = getattr(record.row, "version", None)          # rows that cannot change have none
    return Outcome(payload, status, {} if version is None else {"ETag": f'"{version}"'})


def changed(exposure: Exposure, actor: Actor, key: int) -> Outcome:
    """The contract's response to a change."""
    db.session.flush()       # what is shown is read with plain statements
    return exposure.contract.changed(exposure, lambda: shown(exposure, actor, key))


def for_merchant(exposure: Exposure, actor: Actor, taken: dict[str, Any], problems: Problems) -> Actor:
    """The actor for the merchant that a creation names, if the contract allows it; adds a problem otherwise."""
    if not exposure.tenant:
        return actor
    wanted = taken.pop("merchant_id", None)
    is_id = isinstance(wanted, int) and not isinstance(wanted, bool) and 0 < wanted <= LARGEST_ID
    if not is_id or not tenants.reaches(actor, wanted):
        problems.setdefault("merchant_id", Problem("unknown", "must exist"))
        return actor
    return actor.narrowed(wanted)


def stays(exposure: Exposure, row: Any, taken: dict[str, Any], problems: Problems) -> None:
    """Check that fields fixed at creation, such as the merchant, are only repeated."""
    form = exposure.resource.input
    for name in (*(("merchant_id",) if exposure.tenant else ()), *(form.only_at_creation if form else ())):
        known = getattr(row, name, None)                # what a row was made of may be no column of it
        if taken.pop(name, known) != known:
            problems[name] = Problem("fixed", "cannot be changed")


def operation(
    exposure: Exposure, verb: str, method: str, path: str, run: Callable[..., Outcome], *,
    parameters: tuple[str, ...] = (), name: str = "", **more: Any
) -> Operation:
    """An operation of a noun, with its scope by whether it reads or writes."""
    resource, contract = exposure.resource, exposure.contract
    scope = resource.read_scope if method == "GET" else resource.write_scope
    return Operation(
        name=f"{exposure.name}.{name or contract.names.get(verb, verb)}",
        parameters=(*parameters, *contract.call_parameters),
        method=method,
        path=exposure.path + path,
        scope=None if verb in exposure.unscoped else scope,
        run=run,
        writes=method != "GET",
        exposure=exposure,
        verb=verb,
        **more,
    )


def listed(exposure: Exposure) -> Operation:
    def run(actor: Actor, arguments: Arguments) -> Outcome:
        contract = exposure.contract
        page, shown = exposure.page(actor, contract.query(exposure, arguments.query, actor))
        return Outcome(contract.collection(shown, page), headers=contract.page_headers(page))

    names = (*exposure.contract.list_parameters, *exposure.parameters)
    return operation(
        exposure, "list", "GET", "", run, parameters=names, positional=names, summary=f"List {exposure.resource.name}"
    )


def got(exposure: Exposure) -> Operation:
    def run(actor: Actor, arguments: Arguments) -> Outcome:
        return shown(exposure, actor, key_of(exposure, arguments.key))

    return operation(
        exposure, "get", "GET", "/{key}", run, positional=("id",), summary=f"Read one {exposure.resource.noun}"
    )


def new_of(
    exposure: Exposure, actor: Actor, arguments: Arguments, preset: Mapping[str, Any] = MappingProxyType({})
) -> tuple[Actor, Any]:
    """The actor for the merchant of a creation, and its typed input; `preset` are fields that are not sent."""
    form, contract = exposure.resource.input, exposure.contract
    assert form is not None, f"{exposure.resource.name}: its Resource has no input"
    taken, problems = exposure.take(body_of(arguments), new=True)
    taken |= preset
    actor = for_merchant(exposure, actor, taken, problems)
    new = inputs.parse(form, taken, text=contract.reads_text, zone=contract.zone(), problems=problems)
    return actor, new


def created(exposure: Exposure, *, preset: Mapping[str, Any] = MappingProxyType({}), **more: Any) -> Operation:
    """A creation; `preset` are fields, in the domain's names, that this operation sets itself."""
    resource = exposure.resource

    create, prepare = resource.create, resource.before_create
    assert create is not None, f"{resource.name}: its Resource has no create"

    def before(actor: Actor, arguments: Arguments) -> Any:
        """Read the input, which needs no lock, and do what takes long."""
        whose, new = new_of(exposure, actor, arguments, preset)
        return whose, prepare(whose, new) if prepare else new

    def run(actor: Actor, arguments: Arguments) -> Outcome:
        # An operation that adds something to this one reads the input itself, and has no `before`.
        actor, ready = arguments.ready or before(actor, arguments)
        if exposure.tenant and not tenants.reaches(actor, actor.merchant_id):     # as it is now, under the lock
            raise Invalid.field("merchant_id", "must exist", "unknown")
        made = create(actor, ready)
        row, secret = made if isinstance(made, tuple) else (made, None)
        g.call.part.makes(exposure.noun, row.id)
        outcome = shown(exposure, actor, row.id, exposure.contract.created)
        if secret is not None:                                    # shown once, not stored
            return replace(outcome, payload={**outcome.payload, resource.secret_field: secret}, kept=outcome.payload)
        return outcome

    told = {"path": "", "summary": f"Create {indefinite(resource.noun)}", **more}
    return operation(
        exposure, "create", "POST", told.pop("path"), run, takes_body=True, positional=writable(exposure),
        before=before, **told,
    )


def updated(exposure: Exposure) -> Operation:
    resource = exposure.resource

    form, update, prepare = resource.input, resource.update, resource.before_update
    assert form is not None, f"{resource.name}: its Resource has no input"
    assert update is not None, f"{resource.name}: its Resource has no update"

    def read(own: Actor, row: Any, arguments: Arguments) -> dict[str, Any]:
        conditions.check(row, arguments.if_match)
        sent = sent_back.changes(exposure, resource.listing.read(own, row.id), body_of(arguments))
        taken, problems = exposure.take(sent.body)
        sent.name_parts(taken)
        stays(exposure, row, taken, problems)
        contract = exposure.contract
        return inputs.changes(form, taken, text=contract.reads_text, zone=contract.zone(), problems=problems)

    def before(actor: Actor, arguments: Arguments) -> Any:
        row = resource.listing.get(actor, key_of(exposure, arguments.key))
        own = actor.for_row(row)
        return prepare(own, read(own, row, arguments)) if prepare else None

    def run(actor: Actor, arguments: Arguments) -> Outcome:
        own, row = resource.listing.lock(actor, key_of(exposure, arguments.key))
        if changes := read(own, row, arguments):
            update(own, row, arguments.ready if prepare else changes)
        return changed(exposure, actor, row.id)

    return operation(
        exposure, "update", exposure.contract.changes_by, "/{key}", run, takes_body=True,
        positional=("id", *writable(exposure)), summary=f"Change {indefinite(resource.noun)}",
        before=before if prepare else None, also=exposure.contract.changes_also,
    )


def deleted(exposure: Exposure) -> Operation:
    resource, delete = exposure.resource, exposure.resource.delete
    assert delete is not None, f"{resource.name}: its Resource has no delete"

    def run(actor: Actor, arguments: Arguments) -> Outcome:
        own, row = locked(exposure, actor, arguments)
        if isinstance(delete.run(own, row), Kept):
            db.session.flush()       # what is shown is read with plain statements
            return exposure.contract.kept(exposure, row.id, exposure.show(resource.listing.read(own, row.id)))
        return exposure.contract.removed(exposure, row.id)

    return operation(
        exposure, "delete", "DELETE", "/{key}", run, positional=("id",), summary=f"Delete {indefinite(resource.noun)}"
    )


def action(exposure: Exposure, name: str, *, method: str = "POST", called: str = "") -> Operation:
    """One of a noun's actions; `called` is its name in the path, if it has another one here."""
    resource = exposure.resource

    def run(actor: Actor, arguments: Arguments) -> Outcome:
        own, row = locked(exposure, actor, arguments)
        made = resource.actions[name].run(own, row)
        outcome = changed(exposure, actor, row.id)
        if made is not row and isinstance(made, resource.listing.model):         # a copy
            g.call.part.makes(exposure.noun, made.id)
        return outcome

    verb, *rest = name.split("_")
    return operation(
        exposure, name, method, f"/{{key}}/{called or name}", run, positional=("id",),
        lasting=resource.actions[name].lasting,
        summary=" ".join((verb.capitalize(), indefinite(resource.noun), *rest)),
    )


MAKERS: dict[str, Callable[[Exposure], Operation]] = {
    "list": listed, "get": got, "create": created, "update": updated, "delete": deleted,
}
