"""The business: merchants, users, credentials, customers, products, budgets, settings, audit, replies.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade(bind_name: str) -> None:
    if bind_name == "default":
        create_tables()
        seed_currencies()


def downgrade(bind_name: str) -> None:
    if bind_name == "default":
        drop_tables()


def seed_currencies() -> None:
    """ISO 4217: numeric code, letters, name, decimals."""
    table = sa.table(
        "currencies", sa.column("id"), sa.column("code"), sa.column("name"), sa.column("exponent"),
        sa.column("rates_precision"), sa.column("details_precision"),
    )
    names = ("id", "code", "name", "exponent")
    op.bulk_insert(
        table, [dict(zip(names, row, strict=True), rates_precision=6, details_precision=6) for row in CURRENCIES]
    )


def create_tables() -> None:
    op.create_table('currencies',
    sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('code', sa.String(length=3), nullable=False),
    sa.Column('name', sa.String(length=100), nullable=False),
    sa.Column('exponent', sa.Integer(), nullable=False),
    sa.Column('rates_precision', sa.Integer(), nullable=False),
    sa.Column('details_precision', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_currencies')),
    sa.UniqueConstraint('code', name=op.f('uq_currencies_code')),
    sqlite_autoincrement=True
    )
    op.create_table('merchants',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=255), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('timezone', sa.String(length=64), nullable=False),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.Column('legal_name', sa.String(length=255), nullable=True),
    sa.Column('registration_number', sa.String(length=64), nullable=True),
    sa.Column('tax_number', sa.String(length=64), nullable=True),
    sa.Column('email', sa.String(length=255), nullable=True),
    sa.Column('phone', sa.String(length=40), nullable=True),
    sa.Column('website', sa.String(length=2048), nullable=True),
    sa.Column('street', sa.String(length=255), nullable=True),
    sa.Column('city', sa.String(length=255), nullable=True),
    sa.Column('state', sa.String(length=255), nullable=True),
    sa.Column('postal_code', sa.String(length=32), nullable=True),
    sa.Column('country', sa.String(length=2), nullable=True),
    sa.Column('document_footer', sa.Text(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.Column('updated_at', sa.DateTime(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_merchants')),
    sqlite_autoincrement=True
    )
    op.create_table('settings',
    sa.Column('name', sa.String(length=64), nullable=False),
    sa.Column('value', sa.String(length=255), nullable=False),
    sa.Column('updated_at', sa.DateTime(), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_settings')),
    sqlite_autoincrement=True
    )
    op.create_table('users',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('email', sa.String(length=254), nullable=False),
    sa.Column('email_key', sa.String(length=254), nullable=False),
    sa.Column('name', sa.String(length=100), nullable=True),
    sa.Column('password_hash', sa.String(length=255), nullable=False),
    sa.Column('role', sa.Enum('admin_user', 'accountant_user', 'normal_user', 'restricted_user', name='role', native_enum=False, length=20), nullable=False),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.Column('all_merchants', sa.Boolean(), nullable=False),
    sa.Column('api_access', sa.Boolean(), nullable=False),
    sa.Column('allowed_ips', sa.JSON(), nullable=False),
    sa.Column('timezone', sa.String(length=64), nullable=True),
    sa.Column('token_version', sa.Integer(), nullable=False),
    sa.Column('created_by_user_id', sa.Integer(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.Column('updated_at', sa.DateTime(), nullable=False),
    sa.ForeignKeyConstraint(['created_by_user_id'], ['users.id'], name=op.f('fk_users_created_by_user_id_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_users')),
    sa.UniqueConstraint('email_key', name=op.f('uq_users_email_key')),
    sqlite_autoincrement=True
    )
    op.create_table('customers',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('code', sa.String(length=10), nullable=False),
    sa.Column('name', sa.String(length=255), nullable=False),
    sa.Column('first_name', sa.String(length=100), nullable=True),
    sa.Column('last_name', sa.String(length=100), nullable=True),
    sa.Column('date_of_birth', sa.Date(), nullable=True),
    sa.Column('email', sa.String(length=255), nullable=True),
    sa.Column('email_key', sa.String(length=255), nullable=True),
    sa.Column('phone', sa.String(length=40), nullable=True),
    sa.Column('status', sa.Enum('active', 'stopped', 'archived', name='customerstatus', native_enum=False, length=16), nullable=False),
    sa.Column('organisation', sa.String(length=255), nullable=True),
    sa.Column('registration_number', sa.String(length=64), nullable=True),
    sa.Column('tax_number', sa.String(length=64), nullable=True),
    sa.Column('website', sa.String(length=2048), nullable=True),
    sa.Column('organisation_note', sa.Text(), nullable=True),
    sa.Column('currency', sa.String(length=3), nullable=True),
    sa.Column('timezone', sa.String(length=64), nullable=True),
    sa.Column('credit_limit_minor', sa.BigInteger(), nullable=False),
    sa.Column('low_balance_minor', sa.BigInteger(), nullable=True),
    sa.Column('note', sa.Text(), nullable=True),
    sa.Column('details', sa.JSON(), nullable=False),
    sa.Column('created_by_user_id', sa.Integer(), nullable=True),
    sa.Column('merchant_id', sa.Integer(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.Column('updated_at', sa.DateTime(), nullable=False),
    sa.Column('deleted_at', sa.DateTime(), nullable=True),
    sa.CheckConstraint('credit_limit_minor >= 0', name=op.f('ck_customers_credit_not_negative')),
    sa.ForeignKeyConstraint(['created_by_user_id'], ['users.id'], name=op.f('fk_customers_created_by_user_id_users')),
    sa.ForeignKeyConstraint(['merchant_id'], ['merchants.id'], name=op.f('fk_customers_merchant_id_merchants')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_customers')),
    sa.UniqueConstraint('code', name=op.f('uq_customers_code')),
    sqlite_autoincrement=True
    )
    op.create_index(op.f('ix_customers_merchant_id'), 'customers', ['merchant_id'], unique=False)
    op.create_index('ix_customers_merchant_id_created_at', 'customers', ['merchant_id', 'created_at'], unique=False)
    op.create_index('ix_customers_merchant_id_name', 'customers', ['merchant_id', 'name'], unique=False)
    op.create_index('uq_customers_merchant_id_email_key', 'customers', ['merchant_id', 'email_key'], unique=True, sqlite_where=sa.text('deleted_at IS NULL'), postgresql_where=sa.text('deleted_at IS NULL'))
    op.create_table('idempotent_replies',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('merchant_id', sa.Integer(), nullable=False),
    sa.Column('contract', sa.String(length=16), nullable=False),
    sa.Column('key', sa.String(length=255), nullable=False),
    sa.Column('fingerprint', sa.String(length=64), nullable=False),
    sa.Column('status', sa.Integer(), nullable=False),
    sa.Column('body', sa.LargeBinary(), nullable=False),
    sa.Column('headers', sa.JSON(), nullable=False),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.ForeignKeyConstraint(['merchant_id'], ['merchants.id'], name=op.f('fk_idempotent_replies_merchant_id_merchants')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_idempotent_replies')),
    sa.UniqueConstraint('merchant_id', 'contract', 'key', name=op.f('uq_idempotent_replies_merchant_id_contract_key')),
    sqlite_autoincrement=True
    )
    op.create_index(op.f('ix_idempotent_replies_created_at'), 'idempotent_replies', ['created_at'], unique=False)
    op.create_table('memberships',
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('merchant_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['merchant_id'], ['merchants.id'], name=op.f('fk_memberships_merchant_id_merchants')),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_memberships_user_id_users')),
    sa.PrimaryKeyConstraint('user_id', 'merchant_id', name=op.f('pk_memberships')),
    sqlite_autoincrement=True
    )
    op.create_index(op.f('ix_memberships_merchant_id'), 'memberships', ['merchant_id'], unique=False)
    op.create_table('price_rules',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.Enum('tax', 'discount', 'fee', name='pricerulekind', native_enum=False, length=16), nullable=False),
    sa.Column('name', sa.String(length=100), nullable=False),
    sa.Column('percent_hundredths', sa.Integer(), nullable=False),
    sa.Column('description', sa.String(length=255), nullable=True),
    sa.Column('merchant_id', sa.Integer(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.Column('updated_at', sa.DateTime(), nullable=False),
    sa.CheckConstraint('percent_hundredths >= 0 AND percent_hundredths <= 100000', name=op.f('ck_price_rules_percent_in_range')),
    sa.ForeignKeyConstraint(['merchant_id'], ['merchants.id'], name=op.f('fk_price_rules_merchant_id_merchants')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_price_rules')),
    sa.UniqueConstraint('merchant_id', 'kind', 'name', name=op.f('uq_price_rules_merchant_id_kind_name')),
    sqlite_autoincrement=True
    )
    op.create_index(op.f('ix_price_rules_merchant_id'), 'price_rules', ['merchant_id'], unique=False)
    op.create_table('product_groups',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=100), nullable=False),
    sa.Column('merchant_id', sa.Integer(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.Column('updated_at', sa.DateTime(), nullable=False),
    sa.ForeignKeyConstraint(['merchant_id'], ['merchants.id'], name=op.f('fk_product_groups_merchant_id_merchants')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_product_groups')),
    sa.UniqueConstraint('merchant_id', 'name', name=op.f('uq_product_groups_merchant_id_name')),
    sqlite_autoincrement=True
    )
    op.create_index(op.f('ix_product_groups_merchant_id'), 'product_groups', ['merchant_id'], unique=False)
    op.create_table('user_sessions',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('token_digest', sa.String(length=64), nullable=False),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.Column('seen_at', sa.DateTime(), nullable=False),
    sa.Column('expires_at', sa.DateTime(), nullable=False),
    sa.Column('ended_at', sa.DateTime(), nullable=True),
    sa.Column('ip', sa.String(length=64), nullable=True),
    sa.Column('user_agent', sa.String(length=300), nullable=True),
    sa.Column('merchant_id', sa.Integer(), nullable=True),
    sa.Column('test_mode', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['merchant_id'], ['merchants.id'], name=op.f('fk_user_sessions_merchant_id_merchants')),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_user_sessions_user_id_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_user_sessions')),
    sa.UniqueConstraint('token_digest', name=op.f('uq_user_sessions_token_digest')),
    sqlite_autoincrement=True
    )
    op.create_index(op.f('ix_user_sessions_expires_at'), 'user_sessions', ['expires_at'], unique=False)
    op.create_index(op.f('ix_user_sessions_user_id'), 'user_sessions', ['user_id'], unique=False)
    op.create_table('addresses',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('customer_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.Enum('billing', 'shipping', name='addresskind', native_enum=False, length=16), nullable=False),
    sa.Column('street', sa.String(length=255), nullable=True),
    sa.Column('city', sa.String(length=100), nullable=True),
    sa.Column('state', sa.String(length=100), nullable=True),
    sa.Column('postal_code', sa.String(length=32), nullable=True),
    sa.Column('country', sa.String(length=2), nullable=True),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.Column('updated_at', sa.DateTime(), nullable=False),
    sa.Column('replaced_at', sa.DateTime(), nullable=True),
    sa.ForeignKeyConstraint(['customer_id'], ['customers.id'], name=op.f('fk_addresses_customer_id_customers')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_addresses')),
    sqlite_autoincrement=True
    )
    op.create_index(op.f('ix_addresses_customer_id'), 'addresses', ['customer_id'], unique=False)
    op.create_table('budgets',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('customer_id', sa.Integer(), nullable=False),
    sa.Column('status', sa.Enum('PENDING', 'APPROVED', 'REJECTED', 'EXPIRED', name='budgetstatus', native_enum=False, length=16), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('subtotal_minor', sa.BigInteger(), nullable=False),
    sa.Column('discount_minor', sa.BigInteger(), nullable=False),
    sa.Column('tax_minor', sa.BigInteger(), nullable=False),
    sa.Column('total_minor', sa.BigInteger(), nullable=False),
    sa.Column('header_discount_minor', sa.BigInteger(), nullable=False),
    sa.Column('header_tax_minor', sa.BigInteger(), nullable=False),
    sa.Column('valid_until', sa.DateTime(), nullable=True),
    sa.Column('notes', sa.Text(), nullable=True),
    sa.Column('details', sa.JSON(), nullable=False),
    sa.Column('approved_at', sa.DateTime(), nullable=True),
    sa.Column('approved_by', sa.String(length=255), nullable=True),
    sa.Column('created_by_user_id', sa.Integer(), nullable=True),
    sa.Column('merchant_id', sa.Integer(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.Column('updated_at', sa.DateTime(), nullable=False),
    sa.Column('deleted_at', sa.DateTime(), nullable=True),
    sa.CheckConstraint('total_minor >= 0', name=op.f('ck_budgets_total_not_negative')),
    sa.ForeignKeyConstraint(['created_by_user_id'], ['users.id'], name=op.f('fk_budgets_created_by_user_id_users')),
    sa.ForeignKeyConstraint(['customer_id'], ['customers.id'], name=op.f('fk_budgets_customer_id_customers')),
    sa.ForeignKeyConstraint(['merchant_id'], ['merchants.id'], name=op.f('fk_budgets_merchant_id_merchants')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_budgets')),
    sqlite_autoincrement=True
    )
    op.create_index(op.f('ix_budgets_customer_id'), 'budgets', ['customer_id'], unique=False)
    op.create_index(op.f('ix_budgets_merchant_id'), 'budgets', ['merchant_id'], unique=False)
    op.create_index('ix_budgets_merchant_id_created_at', 'budgets', ['merchant_id', 'created_at'], unique=False)
    op.create_index('ix_budgets_status_valid_until', 'budgets', ['status', 'valid_until'], unique=False)
    op.create_table('credentials',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.Enum('integration', 'client', 'user', name='credentialkind', native_enum=False, length=16), nullable=False),
    sa.Column('mode', sa.Enum('live', 'test', name='mode', native_enum=False, length=8), nullable=False),
    sa.Column('merchant_id', sa.Integer(), nullable=True),
    sa.Column('customer_id', sa.Integer(), nullable=True),
    sa.Column('user_id', sa.Integer(), nullable=True),
    sa.Column('name', sa.String(length=100), nullable=False),
    sa.Column('description', sa.String(length=500), nullable=True),
    sa.Column('public_id', sa.String(length=32), nullable=True),
    sa.Column('prefix', sa.String(length=16), nullable=False),
    sa.Column('last_four', sa.String(length=4), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('bcrypt_hash', sa.String(length=60), nullable=True),
    sa.Column('ciphertext', sa.Text(), nullable=True),
    sa.Column('scopes', sa.JSON(), nullable=False),
    sa.Column('rate_limit_per_hour', sa.Integer(), nullable=False),
    sa.Column('allowed_ips', sa.JSON(), nullable=False),
    sa.Column('expires_at', sa.DateTime(), nullable=True),
    sa.Column('revoked_at', sa.DateTime(), nullable=True),
    sa.Column('webhook_url', sa.String(length=2048), nullable=True),
    sa.Column('webhook_secret', sa.Text(), nullable=True),
    sa.Column('created_by_user_id', sa.Integer(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.Column('updated_at', sa.DateTime(), nullable=False),
    sa.ForeignKeyConstraint(['created_by_user_id'], ['users.id'], name=op.f('fk_credentials_created_by_user_id_users')),
    sa.ForeignKeyConstraint(['customer_id'], ['customers.id'], name=op.f('fk_credentials_customer_id_customers')),
    sa.ForeignKeyConstraint(['merchant_id'], ['merchants.id'], name=op.f('fk_credentials_merchant_id_merchants')),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_credentials_user_id_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_credentials')),
    sa.UniqueConstraint('digest', name=op.f('uq_credentials_digest')),
    sa.UniqueConstraint('public_id', name=op.f('uq_credentials_public_id')),
    sqlite_autoincrement=True
    )
    op.create_index(op.f('ix_credentials_customer_id'), 'credentials', ['customer_id'], unique=False)
    op.create_index(op.f('ix_credentials_merchant_id'), 'credentials', ['merchant_id'], unique=False)
    op.create_index(op.f('ix_credentials_user_id'), 'credentials', ['user_id'], unique=False)
    op.create_table('products',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('code', sa.String(length=10), nullable=False),
    sa.Column('name', sa.String(length=255), nullable=False),
    sa.Column('description', sa.Text(), nullable=True),
    sa.Column('sku', sa.String(length=100), nullable=True),
    sa.Column('category', sa.String(length=100), nullable=True),
    sa.Column('unit', sa.String(length=32), nullable=True),
    sa.Column('kind', sa.Enum('PRODUCT', 'SERVICE', 'SUBSCRIPTION', name='productkind', native_enum=False, length=16), nullable=False),
    sa.Column('billing', sa.Enum('single_payment', 'instalment', 'subscription', 'metered', name='billing', native_enum=False, length=16), nullable=False),
    sa.Column('status', sa.Enum('active', 'inactive', name='productstatus', native_enum=False, length=16), nullable=False),
    sa.Column('price_micro', sa.BigInteger(), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('group_id', sa.Integer(), nullable=True),
    sa.Column('tax_id', sa.Integer(), nullable=True),
    sa.Column('discount_id', sa.Integer(), nullable=True),
    sa.Column('fee_id', sa.Integer(), nullable=True),
    sa.Column('deposit_minor', sa.BigInteger(), nullable=True),
    sa.Column('scheduled_interval', sa.Integer(), nullable=True),
    sa.Column('scheduled_unit', sa.Enum('DAY', 'WEEK', 'MONTH', 'YEAR', name='intervalunit', native_enum=False, length=16), nullable=True),
    sa.Column('lock_price', sa.Boolean(), nullable=False),
    sa.Column('lock_payment_config', sa.Boolean(), nullable=False),
    sa.Column('fee_for_initial_payment_only', sa.Boolean(), nullable=False),
    sa.Column('discount_for_initial_payment_only', sa.Boolean(), nullable=False),
    sa.Column('details', sa.JSON(), nullable=False),
    sa.Column('created_by_user_id', sa.Integer(), nullable=True),
    sa.Column('merchant_id', sa.Integer(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.Column('updated_at', sa.DateTime(), nullable=False),
    sa.Column('deleted_at', sa.DateTime(), nullable=True),
    sa.CheckConstraint('price_micro >= 0', name=op.f('ck_products_price_not_negative')),
    sa.ForeignKeyConstraint(['created_by_user_id'], ['users.id'], name=op.f('fk_products_created_by_user_id_users')),
    sa.ForeignKeyConstraint(['discount_id'], ['price_rules.id'], name=op.f('fk_products_discount_id_price_rules')),
    sa.ForeignKeyConstraint(['fee_id'], ['price_rules.id'], name=op.f('fk_products_fee_id_price_rules')),
    sa.ForeignKeyConstraint(['group_id'], ['product_groups.id'], name=op.f('fk_products_group_id_product_groups')),
    sa.ForeignKeyConstraint(['merchant_id'], ['merchants.id'], name=op.f('fk_products_merchant_id_merchants')),
    sa.ForeignKeyConstraint(['tax_id'], ['price_rules.id'], name=op.f('fk_products_tax_id_price_rules')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_products')),
    sa.UniqueConstraint('code', name=op.f('uq_products_code')),
    sqlite_autoincrement=True
    )
    op.create_index(op.f('ix_products_merchant_id'), 'products', ['merchant_id'], unique=False)
    op.create_index('ix_products_merchant_id_created_at', 'products', ['merchant_id', 'created_at'], unique=False)
    op.create_index('ix_products_merchant_id_name', 'products', ['merchant_id', 'name'], unique=False)
    op.create_index('uq_products_merchant_id_sku', 'products', ['merchant_id', 'sku'], unique=True, sqlite_where=sa.text('deleted_at IS NULL'), postgresql_where=sa.text('deleted_at IS NULL'))
    op.create_table('audit_entries',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(), nullable=False),
    sa.Column('merchant_id', sa.Integer(), nullable=True),
    sa.Column('user_id', sa.Integer(), nullable=True),
    sa.Column('credential_id', sa.Integer(), nullable=True),
    sa.Column('actor', sa.String(length=255), nullable=False),
    sa.Column('action', sa.String(length=64), nullable=False),
    sa.Column('object_type', sa.String(length=32), nullable=False),
    sa.Column('object_id', sa.Integer(), nullable=True),
    sa.Column('before', sa.JSON(none_as_null=True), nullable=True),
    sa.Column('after', sa.JSON(none_as_null=True), nullable=True),
    sa.Column('source', sa.String(length=16), nullable=False),
    sa.Column('request_id', sa.String(length=40), nullable=True),
    sa.Column('ip', sa.String(length=64), nullable=True),
    sa.ForeignKeyConstraint(['credential_id'], ['credentials.id'], name=op.f('fk_audit_entries_credential_id_credentials')),
    sa.ForeignKeyConstraint(['merchant_id'], ['merchants.id'], name=op.f('fk_audit_entries_merchant_id_merchants')),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_audit_entries_user_id_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit_entries')),
    sqlite_autoincrement=True
    )
    op.create_index(op.f('ix_audit_entries_at'), 'audit_entries', ['at'], unique=False)
    op.create_index('ix_audit_entries_merchant_id_at', 'audit_entries', ['merchant_id', 'at'], unique=False)
    op.create_index('ix_audit_entries_object', 'audit_entries', ['object_type', 'object_id'], unique=False)
    op.create_table('budget_items',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('budget_id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('product_id', sa.Integer(), nullable=True),
    sa.Column('description', sa.String(length=500), nullable=False),
    sa.Column('quantity', sa.Integer(), nullable=False),
    sa.Column('unit_price_micro', sa.BigInteger(), nullable=False),
    sa.Column('discount_minor', sa.BigInteger(), nullable=False),
    sa.Column('tax_minor', sa.BigInteger(), nullable=False),
    sa.Column('total_minor', sa.BigInteger(), nullable=False),
    sa.CheckConstraint('quantity > 0', name=op.f('ck_budget_items_quantity_positive')),
    sa.CheckConstraint('unit_price_micro >= 0', name=op.f('ck_budget_items_price_not_negative')),
    sa.ForeignKeyConstraint(['budget_id'], ['budgets.id'], name=op.f('fk_budget_items_budget_id_budgets')),
    sa.ForeignKeyConstraint(['product_id'], ['products.id'], name=op.f('fk_budget_items_product_id_products')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_budget_items')),
    sqlite_autoincrement=True
    )
    op.create_index(op.f('ix_budget_items_budget_id'), 'budget_items', ['budget_id'], unique=False)
    op.create_index(op.f('ix_budget_items_product_id'), 'budget_items', ['product_id'], unique=False)


def drop_tables() -> None:
    op.drop_index(op.f('ix_budget_items_product_id'), table_name='budget_items')
    op.drop_index(op.f('ix_budget_items_budget_id'), table_name='budget_items')
    op.drop_table('budget_items')
    op.drop_index('ix_audit_entries_object', table_name='audit_entries')
    op.drop_index('ix_audit_entries_merchant_id_at', table_name='audit_entries')
    op.drop_index(op.f('ix_audit_entries_at'), table_name='audit_entries')
    op.drop_table('audit_entries')
    op.drop_index('uq_products_merchant_id_sku', table_name='products', sqlite_where=sa.text('deleted_at IS NULL'), postgresql_where=sa.text('deleted_at IS NULL'))
    op.drop_index('ix_products_merchant_id_name', table_name='products')
    op.drop_index('ix_products_merchant_id_created_at', table_name='products')
    op.drop_index(op.f('ix_products_merchant_id'), table_name='products')
    op.drop_table('products')
    op.drop_index(op.f('ix_credentials_user_id'), table_name='credentials')
    op.drop_index(op.f('ix_credentials_merchant_id'), table_name='credentials')
    op.drop_index(op.f('ix_credentials_customer_id'), table_name='credentials')
    op.drop_table('credentials')
    op.drop_index('ix_budgets_status_valid_until', table_name='budgets')
    op.drop_index('ix_budgets_merchant_id_created_at', table_name='budgets')
    op.drop_index(op.f('ix_budgets_merchant_id'), table_name='budgets')
    op.drop_index(op.f('ix_budgets_customer_id'), table_name='budgets')
    op.drop_table('budgets')
    op.drop_index(op.f('ix_addresses_customer_id'), table_name='addresses')
    op.drop_table('addresses')
    op.drop_index(op.f('ix_user_sessions_user_id'), table_name='user_sessions')
    op.drop_index(op.f('ix_user_sessions_expires_at'), table_name='user_sessions')
    op.drop_table('user_sessions')
    op.drop_index(op.f('ix_product_groups_merchant_id'), table_name='product_groups')
    op.drop_table('product_groups')
    op.drop_index(op.f('ix_price_rules_merchant_id'), table_name='price_rules')
    op.drop_table('price_rules')
    op.drop_index(op.f('ix_memberships_merchant_id'), table_name='memberships')
    op.drop_table('memberships')
    op.drop_index(op.f('ix_idempotent_replies_created_at'), table_name='idempotent_replies')
    op.drop_table('idempotent_replies')
    op.drop_index('uq_customers_merchant_id_email_key', table_name='customers', sqlite_where=sa.text('deleted_at IS NULL'), postgresql_where=sa.text('deleted_at IS NULL'))
    op.drop_index('ix_customers_merchant_id_name', table_name='customers')
    op.drop_index('ix_customers_merchant_id_created_at', table_name='customers')
    op.drop_index(op.f('ix_customers_merchant_id'), table_name='customers')
    op.drop_table('customers')
    op.drop_table('users')
    op.drop_table('settings')
    op.drop_table('merchants')
    op.drop_table('currencies')


CURRENCIES = (
    (784, "AED", 'UAE Dirham', 2),
    (971, "AFN", 'Afghani', 2),
    (8, "ALL", 'Lek', 2),
    (51, "AMD", 'Armenian Dram', 2),
    (973, "AOA", 'Kwanza', 2),
    (32, "ARS", 'Argentine Peso', 2),
    (36, "AUD", 'Australian Dollar', 2),
    (533, "AWG", 'Aruban Florin', 2),
    (944, "AZN", 'Azerbaijan Manat', 2),
    (977, "BAM", 'Convertible Mark', 2),
    (52, "BBD", 'Barbados Dollar', 2),
    (50, "BDT", 'Taka', 2),
    (48, "BHD", 'Bahraini Dinar', 3),
    (108, "BIF", 'Burundi Franc', 0),
    (60, "BMD", 'Bermudian Dollar', 2),
    (96, "BND", 'Brunei Dollar', 2),
    (68, "BOB", 'Boliviano', 2),
    (984, "BOV", 'Mvdol', 2),
    (986, "BRL", 'Brazilian Real', 2),
    (44, "BSD", 'Bahamian Dollar', 2),
    (64, "BTN", 'Ngultrum', 2),
    (72, "BWP", 'Pula', 2),
    (933, "BYN", 'Belarusian Ruble', 2),
    (84, "BZD", 'Belize Dollar', 2),
    (124, "CAD", 'Canadian Dollar', 2),
    (976, "CDF", 'Congolese Franc', 2),
    (947, "CHE", 'WIR Euro', 2),
    (756, "CHF", 'Swiss Franc', 2),
    (948, "CHW", 'WIR Franc', 2),
    (990, "CLF", 'Unidad de Fomento', 4),
    (152, "CLP", 'Chilean Peso', 0),
    (156, "CNY", 'Yuan Renminbi', 2),
    (170, "COP", 'Colombian Peso', 2),
    (970, "COU", 'Unidad de Valor Real', 2),
    (188, "CRC", 'Costa Rican Colon', 2),
    (192, "CUP", 'Cuban Peso', 2),
    (132, "CVE", 'Cabo Verde Escudo', 2),
    (203, "CZK", 'Czech Koruna', 2),
    (262, "DJF", 'Djibouti Franc', 0),
    (208, "DKK", 'Danish Krone', 2),
    (214, "DOP", 'Dominican Peso', 2),
    (12, "DZD", 'Algerian Dinar', 2),
    (818, "EGP", 'Egyptian Pound', 2),
    (232, "ERN", 'Nakfa', 2),
    (230, "ETB", 'Ethiopian Birr', 2),
    (978, "EUR", 'Euro', 2),
    (242, "FJD", 'Fiji Dollar', 2),
    (238, "FKP", 'Falkland Islands Pound', 2),
    (826, "GBP", 'Pound Sterling', 2),
    (981, "GEL", 'Lari', 2),
    (936, "GHS", 'Ghana Cedi', 2),
    (292, "GIP", 'Gibraltar Pound', 2),
    (270, "GMD", 'Dalasi', 2),
    (324, "GNF", 'Guinean Franc', 0),
    (320, "GTQ", 'Quetzal', 2),
    (328, "GYD", 'Guyana Dollar', 2),
    (344, "HKD", 'Hong Kong Dollar', 2),
    (340, "HNL", 'Lempira', 2),
    (332, "HTG", 'Gourde', 2),
    (348, "HUF", 'Forint', 2),
    (360, "IDR", 'Rupiah', 2),
    (376, "ILS", 'New Israeli Sheqel', 2),
    (356, "INR", 'Indian Rupee', 2),
    (368, "IQD", 'Iraqi Dinar', 3),
    (364, "IRR", 'Iranian Rial', 2),
    (352, "ISK", 'Iceland Krona', 0),
    (388, "JMD", 'Jamaican Dollar', 2),
    (400, "JOD", 'Jordanian Dinar', 3),
    (392, "JPY", 'Yen', 0),
    (404, "KES", 'Kenyan Shilling', 2),
    (417, "KGS", 'Som', 2),
    (116, "KHR", 'Riel', 2),
    (174, "KMF", 'Comorian Franc', 0),
    (408, "KPW", 'North Korean Won', 2),
    (410, "KRW", 'Won', 0),
    (414, "KWD", 'Kuwaiti Dinar', 3),
    (136, "KYD", 'Cayman Islands Dollar', 2),
    (398, "KZT", 'Tenge', 2),
    (418, "LAK", 'Lao Kip', 2),
    (422, "LBP", 'Lebanese Pound', 2),
    (144, "LKR", 'Sri Lanka Rupee', 2),
    (430, "LRD", 'Liberian Dollar', 2),
    (426, "LSL", 'Loti', 2),
    (434, "LYD", 'Libyan Dinar', 3),
    (504, "MAD", 'Moroccan Dirham', 2),
    (498, "MDL", 'Moldovan Leu', 2),
    (969, "MGA", 'Malagasy Ariary', 2),
    (807, "MKD", 'Denar', 2),
    (104, "MMK", 'Kyat', 2),
    (496, "MNT", 'Tugrik', 2),
    (446, "MOP", 'Pataca', 2),
    (929, "MRU", 'Ouguiya', 2),
    (480, "MUR", 'Mauritius Rupee', 2),
    (462, "MVR", 'Rufiyaa', 2),
    (454, "MWK", 'Malawi Kwacha', 2),
    (484, "MXN", 'Mexican Peso', 2),
    (979, "MXV", 'Mexican Unidad de Inversion (UDI)', 2),
    (458, "MYR", 'Malaysian Ringgit', 2),
    (943, "MZN", 'Mozambique Metical', 2),
    (516, "NAD", 'Namibia Dollar', 2),
    (566, "NGN", 'Naira', 2),
    (558, "NIO", 'Cordoba Oro', 2),
    (578, "NOK", 'Norwegian Krone', 2),
    (524, "NPR", 'Nepalese Rupee', 2),
    (554, "NZD", 'New Zealand Dollar', 2),
    (512, "OMR", 'Rial Omani', 3),
    (590, "PAB", 'Balboa', 2),
    (604, "PEN", 'Sol', 2),
    (598, "PGK", 'Kina', 2),
    (608, "PHP", 'Philippine Peso', 2),
    (586, "PKR", 'Pakistan Rupee', 2),
    (985, "PLN", 'Zloty', 2),
    (600, "PYG", 'Guarani', 0),
    (634, "QAR", 'Qatari Rial', 2),
    (946, "RON", 'Romanian Leu', 2),
    (941, "RSD", 'Serbian Dinar', 2),
    (643, "RUB", 'Russian Ruble', 2),
    (646, "RWF", 'Rwanda Franc', 0),
    (682, "SAR", 'Saudi Riyal', 2),
    (90, "SBD", 'Solomon Islands Dollar', 2),
    (690, "SCR", 'Seychelles Rupee', 2),
    (938, "SDG", 'Sudanese Pound', 2),
    (752, "SEK", 'Swedish Krona', 2),
    (702, "SGD", 'Singapore Dollar', 2),
    (654, "SHP", 'Saint Helena Pound', 2),
    (925, "SLE", 'Leone', 2),
    (706, "SOS", 'Somali Shilling', 2),
    (968, "SRD", 'Surinam Dollar', 2),
    (728, "SSP", 'South Sudanese Pound', 2),
    (930, "STN", 'Dobra', 2),
    (222, "SVC", 'El Salvador Colon', 2),
    (760, "SYP", 'Syrian Pound', 2),
    (748, "SZL", 'Lilangeni', 2),
    (764, "THB", 'Baht', 2),
    (972, "TJS", 'Somoni', 2),
    (934, "TMT", 'Turkmenistan New Manat', 2),
    (788, "TND", 'Tunisian Dinar', 3),
    (776, "TOP", 'Pa’anga', 2),
    (949, "TRY", 'Turkish Lira', 2),
    (780, "TTD", 'Trinidad and Tobago Dollar', 2),
    (901, "TWD", 'New Taiwan Dollar', 2),
    (834, "TZS", 'Tanzanian Shilling', 2),
    (980, "UAH", 'Hryvnia', 2),
    (800, "UGX", 'Uganda Shilling', 0),
    (840, "USD", 'US Dollar', 2),
    (997, "USN", 'US Dollar (Next day)', 2),
    (940, "UYI", 'Uruguay Peso en Unidades Indexadas (UI)', 0),
    (858, "UYU", 'Peso Uruguayo', 2),
    (927, "UYW", 'Unidad Previsional', 4),
    (860, "UZS", 'Uzbekistan Sum', 2),
    (926, "VED", 'Bolívar Soberano', 2),
    (928, "VES", 'Bolívar Soberano', 2),
    (704, "VND", 'Dong', 0),
    (548, "VUV", 'Vatu', 0),
    (882, "WST", 'Tala', 2),
    (396, "XAD", 'Arab Accounting Dinar', 2),
    (950, "XAF", 'CFA Franc BEAC', 0),
    (961, "XAG", 'Silver', 2),
    (959, "XAU", 'Gold', 2),
    (955, "XBA", 'Bond Markets Unit European Composite Unit (EURCO)', 2),
    (956, "XBB", 'Bond Markets Unit European Monetary Unit (E.M.U.-6)', 2),
    (957, "XBC", 'Bond Markets Unit European Unit of Account 9 (E.U.A.-9)', 2),
    (958, "XBD", 'Bond Markets Unit European Unit of Account 17 (E.U.A.-17)', 2),
    (951, "XCD", 'East Caribbean Dollar', 2),
    (532, "XCG", 'Caribbean Guilder', 2),
    (960, "XDR", 'SDR (Special Drawing Right)', 2),
    (952, "XOF", 'CFA Franc BCEAO', 0),
    (964, "XPD", 'Palladium', 2),
    (953, "XPF", 'CFP Franc', 0),
    (962, "XPT", 'Platinum', 2),
    (994, "XSU", 'Sucre', 2),
    (963, "XTS", 'Codes specifically reserved for testing purposes', 2),
    (965, "XUA", 'ADB Unit of Account', 2),
    (999, "XXX", 'The codes assigned for transactions where no currency is involved', 2),
    (886, "YER", 'Yemeni Rial', 2),
    (710, "ZAR", 'Rand', 2),
    (967, "ZMW", 'Zambian Kwacha', 2),
    (924, "ZWG", 'Zimbabwe Gold', 2),
)
