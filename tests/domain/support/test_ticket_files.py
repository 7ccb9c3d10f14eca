"""Files of tickets: which are taken, where their bytes are, who reads them."""

import os
import stat
import time

import pytest

from domain.errors import Invalid, NotFound
from domain.support import ticket_files
from domain.support.ticket_file_store import UNNAMED_FOR, AttachmentStore, store
from domain.support.ticket_files import LARGEST, File, clean_name
from domain.support.ticket_listing import LISTING, OF_CUSTOMERS
from tests import cast
from tests.ticketed import answer, customer_actor, make_customers


@pytest.fixture
def ada(alder):
    return cast.make_customer(alder, "Ada Lovelace")


@pytest.fixture
def apart(tmp_path):
    made = AttachmentStore()
    made.configure(tmp_path)
    return made


def test_equal_bytes_are_kept_once_under_their_digest_and_only_the_owner_may_read(apart):
    digest = apart.put(b"the same")
    assert apart.put(b"the same") == digest
    assert apart.read(digest) == b"the same"
    files = [path for path in apart.folder.rglob("*") if path.is_file() and path.name != ".lock"]
    assert files == [apart.path(digest)]
    assert stat.S_IMODE(files[0].stat().st_mode) == 0o600
    assert stat.S_IMODE(apart.folder.stat().st_mode) == 0o700


@pytest.mark.parametrize("wrong", ["", "..", "../../../etc/passwd", "a" * 63, "/" * 64, "." * 64])
def test_only_a_digest_names_a_file(apart, wrong):
    with pytest.raises(ValueError, match="digest"):
        apart.path(wrong)


def test_old_files_that_no_row_names_are_removed_and_others_stay(apart):
    old, kept, fresh = (apart.put(text) for text in (b"old", b"kept", b"fresh"))
    now = time.time()
    for one, seconds in ((old, now - UNNAMED_FOR - 60), (kept, now - UNNAMED_FOR - 60), (fresh, now)):
        os.utime(apart.path(one), (seconds, seconds))
    assert apart.remove_unnamed(lambda digests: {kept} & set(digests)) == 1
    assert [apart.path(one).exists() for one in (old, kept, fresh)] == [False, True, True]


def test_an_old_file_that_is_sent_again_is_young(apart):
    digest = apart.put(b"again")
    os.utime(apart.path(digest), (0, 0))
    apart.put(b"again")
    assert apart.remove_unnamed(lambda digests: set()) == 0


@pytest.mark.parametrize(("name", "kept"), [
    ("till.log", "till.log"), ("../../etc/passwd", "passwd"), ("C:\\Users\\ada\\order.pdf", "order.pdf"),
    ("a\u202efdp.exe", "afdp.exe"), ("\x00\n", "file"), ("", "file"), (" . ", "file"),
    ("x" * 300 + ".pdf", "x" * 196 + ".pdf"), ("é.txt", "é.txt"), (".htaccess", "htaccess"),
])
def test_a_name_is_kept_without_folders_and_what_cannot_be_seen(name, kept):
    assert clean_name(name) == kept


@pytest.mark.parametrize(("file", "reason"), [
    (File("run.EXE", b"MZ"), "is a program"), (File("invoice.pdf.js", b"x"), "is a program"),
    (File("empty.txt", b""), "is empty"), (File("big.bin", b"x" * (LARGEST + 1)), "is larger than 10 MB"),
    (File("hidden\u200b.ex\u200be", b"MZ"), "is a program"),
])
def test_a_file_that_is_not_taken_is_named_with_the_reason(file, reason):
    with pytest.raises(Invalid) as wrong:
        ticket_files.keep([file])
    assert reason in str(wrong.value.fields["attachments"])


def test_a_message_takes_25_mb_and_20_files():
    tenth = File("part.bin", b"x" * LARGEST)
    found = ticket_files.sort([tenth, tenth, tenth, File("small.txt", b"x")])
    assert (len(found.taken), list(found.refused.values())) == (3, ["makes the message larger than 25 MB"])
    found = ticket_files.sort([File(f"{number}.txt", b"x") for number in range(21)])
    assert (len(found.taken), list(found.refused)) == (20, ["20.txt"])


def test_the_bytes_of_a_ticket_are_read_by_who_sees_its_message(alder, ada):
    first, answered, note = (ticket_files.keep([File(f"{name}.txt", name.encode())])[0]
                             for name in ("first", "answered", "note"))
    key = make_customers(alder, ada, files=[first])
    answer(key, files=[answered])
    answer(key, internal=True, files=[note])
    record = LISTING.read(cast.actor_for(alder), key)
    ids = {one.name: one.id for one in record.children["attachments"]}
    assert set(ids) == {"first.txt", "answered.txt", "note.txt"}
    who = customer_actor(alder, ada)
    for name in ("first.txt", "answered.txt"):
        found = ticket_files.find(who, OF_CUSTOMERS, key, ids[name])
        assert store.read(found.digest).decode() == name.removesuffix(".txt")
    for number in (ids["note.txt"], 987_654):
        with pytest.raises(NotFound):
            ticket_files.find(who, OF_CUSTOMERS, key, number)
    other = customer_actor(alder, cast.make_customer(alder, "Grace"))
    with pytest.raises(NotFound):
        ticket_files.find(other, OF_CUSTOMERS, key, ids["first.txt"])


def test_the_file_of_another_ticket_is_not_read_through_an_own_one(alder, ada):
    (file,) = ticket_files.keep([File("a.txt", b"secret")])
    theirs = make_customers(alder, cast.make_customer(alder, "Grace"), files=[file])
    own = make_customers(alder, ada)
    number = LISTING.read(cast.actor_for(alder), theirs).children["attachments"][0].id
    with pytest.raises(NotFound):
        ticket_files.find(customer_actor(alder, ada), OF_CUSTOMERS, own, number)


def test_the_job_keeps_what_a_ticket_has(alder, ada):
    kept, unnamed = (ticket_files.keep([File("a.txt", text)])[0] for text in (b"named", b"unnamed"))
    make_customers(alder, ada, files=[kept])
    for one in (kept, unnamed):
        os.utime(store.path(one.digest), (0, 0))
    ticket_files.remove_unnamed()
    assert [store.path(one.digest).exists() for one in (kept, unnamed)] == [True, False]
