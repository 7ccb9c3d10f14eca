"""New rows are written on SQLite's driver as a flush of the session writes them."""

from datetime import datetime

import pytest
from sqlalchemy import inspect, text

import database
from database import DRIVER, DatabaseClash, UtcDateTime, db, direct, transaction
from database.inserting import flush_new, insert, insertion_of
from domain import clock
from models.audit import AuditEntry
from models.budget import Budget
from models.customer import Address, AddressKind, Customer, CustomerStatus
from models.customer_user import CustomerUser
from models.merchant import Merchant
from models.setting import Setting
from tests import cast

NOW = clock.now()


def customer(merchant_id: int, name: str, **more) -> Customer:
    return Customer(
        merchant_id=merchant_id, test=False, code=name[:10], name=name, details={"ü": name}, created_at=NOW,
        updated_at=NOW, **more)


def graph(merchant_id: int, name: str) -> CustomerUser:
    """A new customer with two addresses and a user, of whom only the user is in the session."""
    made = customer(merchant_id, name, email=f"{name}@example.org")
    made.addresses = [
        Address(kind=kind, city=city, created_at=NOW, updated_at=NOW)
        for kind, city in ((AddressKind.BILLING, "Málaga"), (AddressKind.SHIPPING, None))]
    user = CustomerUser(
        merchant_id=merchant_id, test=False, customer=made, email=f"{name}@example.org", is_first=True,
        is_confirmed=True, created_at=NOW, updated_at=NOW, version=1)
    db.session.add(user)
    return user


def stored(table: str, **wanted) -> list[dict]:
    where = " AND ".join(f"{name} = :{name}" for name in wanted)
    rows = db.session.execute(text(f"SELECT * FROM {table} WHERE {where} ORDER BY id"), wanted)
    return [dict(row._mapping) for row in rows]


def without_keys(rows: list[dict]) -> list[dict]:
    return [{name: value for name, value in row.items() if name not in ("id", "customer_id", "code")} for row in rows]


@pytest.fixture
def flushes(monkeypatch):
    """How often the session flushed by itself."""
    found, flush = [], db.session().flush
    session = db.session()

    def counted(*_):
        if session.new or session.dirty:
            found.append(1)
        flush()

    monkeypatch.setattr(session, "flush", counted)
    return found


def test_rows_and_those_that_belong_to_them_are_stored_as_a_flush_stores_them(alder, on_postgresql, flushes):
    found = []
    for how in (flush_new, lambda session: session.flush()):
        with transaction() as session:
            user = graph(alder, "Ada")
            how(session)
            key = user.customer.id
            assert user.customer_id == key
            assert {one.customer_id for one in user.customer.addresses} == {key}
            assert not session.new
            assert user in session
            assert inspect(user).persistent
            found.append([
                without_keys(stored(table, **where)) for table, where in (
                    ("customers", {"id": key}), ("addresses", {"customer_id": key}),
                    ("customer_users", {"customer_id": key}))])
            session.rollback()
    assert found[0] == found[1]
    assert [len(rows) for rows in found[0]] == [1, 2, 1]
    assert len(flushes) == (2 if on_postgresql else 1)


def test_a_row_has_its_defaults_afterwards_and_is_read_again_after_the_commit(alder):
    with transaction() as session:
        made = customer(alder, "Ünal Öz", email=None)
        session.add(made)
        flush_new(session)
        assert (made.status, made.credit_limit_minor, made.version) == (CustomerStatus.ACTIVE, 0, 1)
        assert (made.name_sort, made.email_sort, made.note, made.deleted_at) == ("unal oz", None, None, None)
        made.note = "Changed"
    assert (made.note, made.details, made.created_at) == ("Changed", {"ü": "Ünal Öz"}, NOW)
    assert inspect(made).persistent


@pytest.mark.parametrize("given", [None, {}, {"a": None}])
def test_a_missing_json_value_is_null_as_the_column_says(alder, given):
    entry = {"at": NOW, "actor": "x", "action": "a.b", "object_type": "a", "source": "cli", "before": given}
    with transaction() as session:
        key = insert(session, AuditEntry, dict(entry))
        one = session.get(AuditEntry, key)
        assert one is not None
        assert (one.before, one.after, one.merchant_id, one.at) == (given, None, None, NOW)
        is_null = session.scalar(text("SELECT before IS NULL FROM audit_entries WHERE id = :id"), {"id": key})
        assert bool(is_null) is (given is None)
        session.rollback()


def test_a_refused_row_is_a_clash_and_leaves_nothing(alder):
    with transaction() as session:
        session.add(customer(alder, "Ada"))
        flush_new(session)
    again = customer(alder, "Ada")

    def add() -> None:
        with transaction() as session:
            session.add(customer(alder, "Bo"))
            session.add(again)
            flush_new(session)

    with pytest.raises(DatabaseClash):
        add()
    assert inspect(again).transient
    assert db.session.query(Customer).where(Customer.name == "Bo").count() == 0


def test_a_savepoint_that_is_taken_back_forgets_its_rows_and_their_ids_are_given_again(alder):
    with transaction() as session:
        kept = customer(alder, "Kept")
        session.add(kept)
        flush_new(session)
        lost = customer(alder, "Lost")
        savepoint = session.begin_nested()
        session.add(lost)
        flush_new(session)
        savepoint.rollback()
        assert inspect(lost).transient
        assert inspect(kept).persistent
        other = customer(alder, "Other")
        session.add(other)
        flush_new(session)
        assert other in session
        assert session.get(Customer, other.id) is other
    assert {one.name for one in db.session.query(Customer)} == {"Kept", "Other"}


def test_with_changed_rows_in_the_session_it_flushes(alder, flushes):
    with transaction() as session:
        merchant = session.get(Merchant, alder)
        assert merchant is not None
        merchant.name = "Elder"
        session.add(customer(alder, "Ada"))
        flush_new(session)
        assert stored("merchants", id=alder)[0]["name"] == "Elder"
        assert session.query(Customer).one().name == "Ada"
    assert flushes


def test_outside_a_transaction_it_flushes(alder):
    session = db.session()
    assert DRIVER not in session.info
    session.add(customer(alder, "Ada"))
    flush_new(session)
    assert session.query(Customer).one().id
    session.rollback()


def test_budgets_with_lines_are_written_without_a_flush(alder, on_postgresql, flushes):
    key = cast.make_customer(alder, "Ada")
    flushes.clear()
    budget = cast.make_budget(alder, key)
    assert on_postgresql or not flushes
    row = db.session.get(Budget, budget)
    assert row is not None
    assert row.items


def test_tables_with_keys_of_their_own_are_left_to_the_session():
    assert insertion_of(inspect(Setting), db.engine.dialect) is None
    assert insertion_of(inspect(Customer), db.engine.dialect) is not None


def test_statements_raise_the_errors_of_the_session(alder):
    def clash() -> None:
        with transaction() as session:
            for _ in range(2):
                direct.run(session, "INSERT INTO audit_chains (chain, length, digest, first_entry_id) "
                                    "VALUES (99, 0, '', 1)")

    with pytest.raises(DatabaseClash):
        clash()


def test_what_follows_a_rollback_is_written_by_the_session(alder):
    with transaction() as session:
        session.rollback()
        assert direct.driver_of(session) is None
        assert direct.run(session, "SELECT 1").fetchone() == (1,)


@pytest.mark.parametrize("moment", ["2026-01-02T03:04:05+00:00", "2026-01-02T03:04:05.000600+05:30"])
def test_moments_are_written_as_sqlalchemy_writes_them(moment, on_postgresql):
    if on_postgresql:
        pytest.skip("PostgreSQL's driver writes them")
    value, kind = datetime.fromisoformat(moment), UtcDateTime()
    usual = kind.impl_instance.dialect_impl(db.engine.dialect).bind_processor(db.engine.dialect)
    assert kind.bind_processor(db.engine.dialect)(value) == usual(kind.process_bind_param(value, db.engine.dialect))


def test_moments_without_a_zone_are_refused():
    with pytest.raises(ValueError, match="naive"):
        database._sqlite_text(datetime(2026, 1, 1))
