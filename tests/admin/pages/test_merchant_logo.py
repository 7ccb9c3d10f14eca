"""The logo of a merchant profile: uploaded, removed and undone on its page."""

from io import BytesIO

import pytest

from database import db
from models.logo import Logo
from models.merchant import Merchant
from tests.pictures import jpeg, png


@pytest.fixture
def place(alder):
    return f"/admin/merchants/{alder}"


def upload(visitor, place, raw, name="logo.png"):
    return visitor.post(f"{place}/logo", {"image": (BytesIO(raw), name)}, content_type="multipart/form-data")


def used(merchant):
    db.session.expire_all()
    return db.session.get(Merchant, merchant).logo_digest


def test_a_logo_is_uploaded_shown_removed_and_each_undone(admin, alder, place):
    assert "ava" in admin.get(f"{place}?tab=logo").text
    reply = upload(admin, place, png())
    assert (reply.status_code, reply.headers["Location"]) == (303, f"{place}?tab=logo")
    first = used(alder)
    page = admin.get(f"{place}?tab=logo").text
    assert page.count(f'src="/logo/{first}"') == 2
    assert f'data-undo="{place}/logo/undo?was="' in page
    upload(admin, place, jpeg(), "logo.jpeg")
    second = used(alder)
    assert f'data-undo="{place}/logo/undo?was={first}"' in admin.get(f"{place}?tab=logo").text
    admin.post(f"{place}/logo/remove")
    assert used(alder) is None
    assert f'data-undo="{place}/logo/undo?was={second}"' in admin.get(f"{place}?tab=logo").text
    admin.post(f"{place}/logo/undo?was={second}")
    assert used(alder) == second
    admin.post(f"{place}/logo/undo?was=")
    assert used(alder) is None


@pytest.mark.parametrize(("raw", "said"), [
    (b"<svg onload='alert(1)'/>", "must be a PNG or JPEG file"), (png(8, 8), "pixels on each side"),
    (png(end=bytes(300_000)), "larger than 200 kB"), (png()[:-5], "is damaged"), (b"", "must be a PNG or JPEG file"),
])
def test_a_file_that_cannot_be_used_says_why_and_changes_nothing(admin, alder, place, raw, said):
    upload(admin, place, png())
    before = used(alder)
    assert upload(admin, place, raw).status_code == 303
    page = admin.get(f"{place}?tab=logo").text
    assert said in page
    assert 'data-flash="bad"' in page
    assert used(alder) == before
    assert db.session.query(Logo).count() == 1


def test_without_a_file_nothing_is_changed(admin, alder, place):
    admin.post(f"{place}/logo", {"image": "text"})
    assert "Choose a file" in admin.get(f"{place}?tab=logo").text
    assert used(alder) is None


def test_a_logo_that_is_not_kept_cannot_be_put_back(admin, alder, place):
    admin.post(f"{place}/logo/undo?was={'0' * 64}")
    assert "not kept any more" in admin.get(f"{place}?tab=logo").text
    assert used(alder) is None


def test_other_merchants_and_people_without_the_permission_change_nothing(admin, signed_in, alder, birch, place):
    for address in (f"/admin/merchants/{birch}/logo", f"/admin/merchants/{birch}/logo/remove",
                    f"/admin/merchants/{birch}/logo/undo"):
        reply = admin.post(address, {"image": (BytesIO(png()), "a.png")}, content_type="multipart/form-data")
        assert reply.status_code == 404
    clerk = signed_in("accountant_user", [alder])
    assert upload(clerk, place, png()).status_code == 403
    assert clerk.post(f"{place}/logo/remove").status_code == 403
    assert db.session.query(Logo).count() == 0
