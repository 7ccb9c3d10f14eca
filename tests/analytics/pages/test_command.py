"""The curl commands that pages print send the same request, through a real shell."""

import re
import shlex
import subprocess
from html import unescape
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa

from analytics.store import requests
from database import db
from tests import cast
from tests.api.core.conftest import token_of

WORDS = "a&b=c 100% 1+1 #1 'it's' \"$HOME\" `id` Ünï"


@pytest.fixture
def printed(admin):
    """The command on the page of the newest request."""
    def find():
        with db.engines["log"].connect() as connection:
            number = connection.scalar(sa.select(sa.func.max(requests.c.id)))
        return unescape(re.search(r'<pre[^>]*id="curl"[^>]*>(.*?)</pre>', admin.get(f"/admin/requests/{number}").text,
                                  re.DOTALL)[1])

    return find


def understood(command, **secrets):
    """The arguments that a shell passes to curl, one by one."""
    shown = "curl() { printf '%s\\0' \"$@\"; }\n" + command
    result = subprocess.run(["/bin/sh", "-c", shown], env=secrets, capture_output=True, check=True)
    return result.stdout.decode().split("\0")[:-1]


def sent(app, command, **secrets):
    """The answer to the command."""
    words = understood(command, **secrets)
    headers = dict(words[place + 1].split(": ", 1) for place, word in enumerate(words) if word == "-H")
    method = words[words.index("-X") + 1] if "-X" in words else "HEAD" if "--head" in words else "GET"
    address = urlsplit(next(word for word in words if word.startswith("http")))
    assert re.fullmatch(r"[!-~]+", address.geturl()), "curl takes no such address"
    assert not set("[]{}") & set(address.geturl()), "curl would take it for a pattern"
    return app.test_client().open(address.path + (f"?{address.query}" if address.query else ""), method=method,
                                  headers=headers)


@pytest.mark.parametrize("search", ["secret term", WORDS])
def test_the_command_of_a_public_request_repeats_it(app, alder, traffic, records, printed, search):
    secret = cast.make_key(alder)[1]
    cast.make_customer(alder, name=search)
    cast.make_customer(alder, name="Somebody else")
    first = app.test_client().get("/v1/api/public/customers", query_string={"search": search, "limit": 5},
                                  headers={"Authorization": f"Bearer {secret}"})
    traffic(**records[-1])
    again = sent(app, printed(), API_KEY=secret)
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.json["data"] == first.json["data"]
    assert [row["name"] for row in again.json["data"]] == [search]


@pytest.mark.parametrize("path", ["/clients", "/api/products"])
def test_the_command_of_a_core_request_repeats_it(app, alder, traffic, records, printed, path):
    token = token_of(cast.make_user("core@alder.example", "admin_user", [alder]))
    first = app.test_client().get(path, query_string={"limit": 5}, headers={"X-Api-Key": token})
    traffic(**records[-1])
    again = sent(app, printed(), API_TOKEN=token)
    assert (first.status_code, again.status_code) == (200, 200)
    assert "Deprecation" not in again.headers


def test_the_command_of_a_head_request_waits_for_no_body(app, alder, traffic, printed):
    traffic(alder, method="HEAD")
    assert "--head" in understood(printed())
    assert sent(app, printed(), API_KEY=cast.make_key(alder)[1]).status_code == 200


def test_what_a_stranger_sent_runs_nothing(app, alder, traffic, printed):
    traffic(alder, method="`id`", path="/x';id;' $(id)\nid", query="a=`id`&b=';id;'&***=***")
    words = understood(printed(), API_KEY="k")
    assert words[:2] == ["-X", "OTHER"]
    assert words[2].startswith("http://localhost/x%27%3Bid%3B%27%20%24%28id%29")
    assert words[3:] == ["-H", "Authorization: Bearer k"]


def test_imported_addresses_are_printed_as_they_came(alder, traffic, printed):
    traffic(alder, source="import:old", path="/a%20b", query="q=c%20d+e%26f")
    assert understood(printed())[0] == "http://localhost/a%20b?q=c%20d+e%26f"


def test_the_first_call_of_an_empty_log_answers(app, admin, alder):
    page = admin.get("/admin/analytics").text
    command = unescape(re.search(r'<pre[^>]*id="first-call"[^>]*>(.*?)</pre>', page, re.DOTALL)[1])
    assert sent(app, command, API_KEY=cast.make_key(alder)[1]).status_code == 200
    assert shlex.split(command)[0] == "curl"
