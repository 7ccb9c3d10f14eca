"""The Core API sets and removes a merchant's logo."""

import base64
import re

from database import db
from models.logo import Logo
from tests.pictures import jpeg, png


def text(raw):
    return base64.b64encode(raw).decode()


def test_a_program_sets_a_logo_that_anybody_can_see_and_removes_it(app, core, alder):
    made = core.result("merchants.set_logo", {"id": alder, "image": text(png(80, 40))})
    assert (made["mime_type"], made["width"], made["height"]) == ("image/png", 80, 40)
    path, digest = re.fullmatch(r"http://[^/]+(/logo/(\w{64}))", made["url"]).groups()
    assert core.result("merchants.get", {"id": alder})["logo_digest"] == digest
    assert app.test_client().get(path).mimetype == "image/png"
    core.result("merchants.remove_logo", {"id": alder})
    assert core.result("merchants.get", {"id": alder})["logo_digest"] is None
    assert app.test_client().get(path).status_code == 404


def test_other_files_are_refused_by_name_of_the_field(core, alder):
    for image in (None, 7, "", "%%%", text(b"<svg/>"), text(jpeg()[:30]), text(bytes(250_000))):
        assert "image" in str(core.error("merchants.set_logo", {"id": alder, "image": image})), image
    assert db.session.query(Logo).count() == 0


def test_the_digest_cannot_be_written_and_another_merchant_is_not_there(core, program, alder, birch):
    core.rpc("merchants.update", {"id": alder, "logo_digest": "0" * 64})
    assert core.result("merchants.get", {"id": alder})["logo_digest"] is None
    other = program("lin@alder.example", role="admin_user", merchant_ids=[alder])
    assert other("POST", f"/merchants/{birch}/set_logo", {"image": text(png())}).status_code == 404
    assert other("POST", f"/merchants/{birch}/remove_logo").status_code == 404
