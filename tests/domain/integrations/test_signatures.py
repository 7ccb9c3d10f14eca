"""Signatures: the published vectors, the published library, and our own samples in four languages."""

import base64
import hashlib
import hmac
import json
import os
import shutil
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import patch

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from domain.integrations import signatures

SAMPLES = Path(__file__).resolve().parents[3] / "docs" / "receivers"
BODY = '{"event":"budget.created","data":{"name":"Ünïcode ✓"}}'.encode()


def vectors(settings):
    file = settings.shared_data / "vectors_standard_webhooks" / "vectors.json"
    if not file.exists():
        pytest.skip(f"{file} is not there: the vectors of Standard Webhooks")
    return json.loads(file.read_text())


def test_we_sign_as_the_published_vectors_are_signed(settings):
    compared = 0
    for one in vectors(settings):
        headers = one["headers"]
        if not one["valid"] or "missing" in one["case"]:
            continue
        made = signatures.standard(
            one["secret"], headers["webhook-id"], int(headers["webhook-timestamp"]), one["payload"].encode()
        )
        assert made in headers["webhook-signature"].split(), one["case"]
        compared += 1
    assert compared >= 4


def test_the_published_verifier_and_ours_judge_the_vectors_alike(settings):
    namespace = sample("verify.py")
    for one in vectors(settings):
        if "missing" in one["case"]:
            continue                          # secrets cut short: a matter of each library's base64
        headers = {name.lower(): value for name, value in one["headers"].items()}
        with patch("time.time", return_value=one["now"]):
            assert namespace["is_genuine"](one["secret"], headers, one["payload"].encode()) is one["valid"], one["case"]


def sample(name):
    namespace = {}
    exec(compile((SAMPLES / name).read_text(), name, "exec"), namespace)
    return namespace


def signed():
    """A secret, and a request signed with it."""
    secret = signatures.new_secret()
    headers = signatures.headers(
        secret=secret, previous=None, message_id="msg_1", event="budget.created", delivery_id=1, body=BODY,
        at=datetime.now(UTC),
    )
    return secret, {name.lower(): value for name, value in headers.items()}


def test_the_published_library_takes_what_we_send():
    secret, headers = signed()
    Webhook(secret).verify(BODY.decode(), headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(BODY.decode() + " ", headers)


def test_our_own_header_is_the_hmac_of_the_raw_body():
    secret, headers = signed()
    assert headers["x-billoget-signature"] == hmac.new(secret.encode(), BODY, hashlib.sha256).hexdigest()


def test_a_secret_is_long_enough_and_never_the_same():
    made = {signatures.new_secret() for _ in range(100)}
    assert len(made) == 100
    assert all(len(base64.b64decode(one.removeprefix("whsec_"))) == 32 for one in made)


def cases():
    """Name, secret, headers, body, and what both verifiers must say."""
    secret, headers = signed()
    old = {**headers, "webhook-timestamp": str(int(time.time()) - 301)}
    stale = old | {"webhook-signature": signatures.standard(secret, "msg_1", int(old["webhook-timestamp"]), BODY)}
    two = headers | {
        "webhook-signature": "v1,AAAA " + headers["webhook-signature"],
        "x-billoget-signature-previous": headers["x-billoget-signature"], "x-billoget-signature": "0" * 64,
    }
    return [
        ("genuine", secret, headers, BODY, True, True),
        ("two signatures", secret, two, BODY, True, True),
        ("another body", secret, headers, BODY + b" ", False, False),
        ("another secret", signatures.new_secret(), headers, BODY, False, False),
        ("another id", secret, headers | {"webhook-id": "msg_2"}, BODY, False, True),
        ("too old", secret, stale, BODY, False, True),
        ("no headers", secret, {}, BODY, False, False),
        ("a time that is none", secret, headers | {"webhook-timestamp": "soon"}, BODY, False, True),
    ]


def by_python(secret, headers, body):
    made = sample("verify.py")
    return [made["is_genuine"](secret, headers, body), made["is_genuine_billoget"](secret, headers, body)]


def by_node(secret, headers, body):
    script = (
        "const v = require(process.argv[1]); const [s, h, b] = JSON.parse(process.argv[2]);"
        "const body = Buffer.from(b, 'base64');"
        "console.log(JSON.stringify([v.isGenuine(s, h, body), v.isGenuineBilloget(s, h, body)]))"
    )
    return answer(["node", "-e", script, str(SAMPLES / "verify.js"), given(secret, headers, body)])


def by_php(secret, headers, body):
    script = (
        "require $argv[1]; [$s, $h, $b] = json_decode($argv[2], true); $b = base64_decode($b);"
        "echo json_encode([is_genuine($s, $h, $b), is_genuine_billoget($s, $h, $b)]);"
    )
    return answer(["php", "-r", script, str(SAMPLES / "verify.php"), given(secret, headers, body)])


def by_go(secret, headers, body, folder):
    program = folder / "verify"
    if not program.exists():
        compile_go(folder, program)
    found = subprocess.run(
        [program, "-test.v"], env={**os.environ, "GIVEN": given(secret, headers, body)},
        capture_output=True, text=True, check=True,
    )
    return json.loads(next(line for line in found.stdout.splitlines() if line.startswith("[")))


def compile_go(folder, program):
    shutil.copy(SAMPLES / "verify.go", folder / "verify.go")
    (folder / "go.mod").write_text("module receiver\n\ngo 1.19\n")
    (folder / "verify_test.go").write_text(
        'package receiver\n\nimport (\n\t"encoding/base64"\n\t"encoding/json"\n\t"fmt"\n\t"net/http"\n\t"os"\n'
        '\t"testing"\n)\n\n'
        "func TestIt(t *testing.T) {\n\tvar given []any\n\t_ = json.Unmarshal([]byte(os.Getenv(\"GIVEN\")), &given)\n"
        "\theader := http.Header{}\n\tfor name, value := range given[1].(map[string]any) {\n"
        "\t\theader.Set(name, value.(string))\n\t}\n\tbody, _ := base64.StdEncoding.DecodeString(given[2].(string))\n"
        "\tsecret := given[0].(string)\n"
        '\tfmt.Printf("[%t, %t]\\n", IsGenuine(secret, header, body), IsGenuineBilloget(secret, header, body))\n}\n'
    )
    subprocess.run(["go", "test", "-c", "-o", str(program), "."], cwd=folder, capture_output=True, check=True)


def given(secret, headers, body):
    return json.dumps([secret, headers, base64.b64encode(body).decode()])


def answer(command):
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


@pytest.mark.slow
@pytest.mark.parametrize("language", ["python", "node", "php", "go"])
def test_the_sample_in_each_language_takes_what_is_genuine_and_nothing_else(language, tmp_path, request):
    if language != "python" and shutil.which(language) is None:
        pytest.skip(f"{language} is not on this machine: its sample is not tried")
    if language != "python" and request.config.getoption("--at"):
        pytest.skip(f"{language} has the machine's clock: its sample is not tried with --at")
    for name, secret, headers, body, standard, billoget in cases():
        if language == "go":
            found = by_go(secret, headers, body, tmp_path)
        else:
            found = {"python": by_python, "node": by_node, "php": by_php}[language](secret, headers, body)
        assert found == [standard, billoget], name
