"""The movements of bank accounts of which nobody has said yet what they pay."""

from dataclasses import replace

from domain.invoicing.bank.bank_statement_rows import LISTING
from models.statement_row import StatementRow, StatementState

UNSURE = replace(LISTING, where=(StatementRow.state == StatementState.UNSURE,))
