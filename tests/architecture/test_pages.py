"""Every URL is public on purpose, or requires a sign-in or an API credential."""

import re

from jinja2 import meta, nodes

OPEN = {
    "static", "home", "auth.login", "auth.enter", "auth.logout", "auth.forgot", "auth.ask_for_link", "auth.link_sent",
    "auth.password_link", "auth.choose_password", "auth.code", "auth.enter_code", "health.healthz", "health.readyz",
    "health.metrics",
}
OPEN_ROOMS = (
    "portal",                           # the reference: it is about the APIs, not about anybody's data
    "pay",                              # pages of customers: their address is the credential
    "client_area",                      # pages of customers who have signed in: tests/client walks over them
)


def contract_of(app, rule):
    return getattr(app.view_functions[rule.endpoint], "contract", None)


def test_every_address_is_in_a_known_group(app):
    """What is under /admin is walked by the tests of the pages; anything new outside must be named here."""
    loose = [rule for rule in app.url_map.iter_rules()
             if not rule.rule.startswith("/admin") and contract_of(app, rule) is None
             and rule.endpoint not in OPEN and rule.endpoint.split(".")[0] not in OPEN_ROOMS]
    assert loose == []


OPEN_TO_ALL = {"client.status.get", "public.leaked_keys.report"}


def test_every_api_address_refuses_a_stranger(app):
    for rule in app.url_map.iter_rules():
        if contract_of(app, rule) is None or rule.endpoint.partition("#")[0] in OPEN_TO_ALL:
            continue
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
            path = re.sub(r"<[^>]+>", "1", rule.rule)
            reply = app.test_client().open(path, method=method, json={} if method != "GET" else None)
            assert reply.status_code in (400, 401), (rule, method, reply.status_code)


def test_a_forged_session_cookie_opens_nothing(app):
    client = app.test_client()
    client.set_cookie("session", "eyJfdXNlcl9pZCI6IjEifQ.aaaa.bbbb")
    assert client.get("/admin/customers").status_code == 303
    with client.session_transaction() as session:
        session["_user_id"] = "1"
    assert client.get("/admin/customers").status_code == 303


def test_no_api_address_takes_the_sign_in_of_the_pages(app):
    client = app.test_client()
    with client.session_transaction() as session:
        session["_user_id"] = "1"
    assert client.get("/v1/api/public/customers").status_code == 401


def test_macros_that_are_imported_alone_use_nothing_of_the_page(app):
    """Without `with context` a macro sees globals only: what a context processor gives is undefined there, an error."""
    env = app.jinja_env
    with app.test_request_context():
        processors = [one for some in app.template_context_processors.values() for one in some]
        given = {name for one in processors for name in one()}
    parsed = {path: env.parse(env.loader.get_source(env, path)[0]) for path in env.list_templates(["html"])}
    for path, tree in parsed.items():
        for one in tree.find_all(nodes.FromImport):
            if one.with_context:
                continue
            for macro in parsed[one.template.value].find_all(nodes.Macro):
                alone = nodes.Template([macro], lineno=1).set_environment(env)
                missing = meta.find_undeclared_variables(alone) & given - set(env.globals)
                assert not missing, f"{one.template.value}: {macro.name}, which {path} imports, uses {missing}"
