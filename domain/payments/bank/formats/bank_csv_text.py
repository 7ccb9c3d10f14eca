"""Cuts a CSV file into lines and cells without keeping them; how long and how many they may be is bounded."""

import csv
import io
from collections.abc import Iterator, Sequence

from domain.errors import Invalid
from domain.payments.bank.formats.bank_rows import MOST_ROWS, refuse, too_many
from domain.text_encoding import encoding_of

HEADS_WITHIN = 40                      # lines: some banks tell account, period and balance before the heads
LONGEST_LINE, MOST_CELLS = 100_000, 200
MOST_LINES = 10 * MOST_ROWS            # a cell in quotes may have several
Cells = Sequence[str]


class CsvText:
    """The text of a file in UTF-8, UTF-16 with its mark, or Windows-1252; Invalid for anything else."""

    def __init__(self, raw: bytes):
        self.raw = raw
        found = encoding_of(raw)
        if found is None:
            raise Invalid("This is neither XML nor a text file in UTF-8 or Windows-1252.", code="bad_statement")
        self.encoding = found
        for _ in self._physical_lines():
            pass

    def lines(self, delimiter: str) -> Iterator[tuple[int, Cells]]:
        """The cells of each line, with the line of the file at which it ends."""
        reader = csv.reader(self._physical_lines(), delimiter=delimiter, strict=True)
        try:
            for number, cells in enumerate(reader):
                if number > MOST_ROWS + HEADS_WITHIN:
                    raise too_many()
                if len(cells) > MOST_CELLS:
                    raise refuse(f"line {reader.line_num}", f"it has more than {MOST_CELLS} cells.")
                yield reader.line_num, cells
        except csv.Error:
            raise refuse(f"line {reader.line_num}", "the quotes do not fit, or a cell is too long.") from None

    def _physical_lines(self) -> Iterator[str]:
        text = io.TextIOWrapper(io.BytesIO(self.raw), encoding=self.encoding, newline="")
        number = 0
        while line := text.readline(LONGEST_LINE + 1):
            number += 1
            if number > MOST_LINES:
                raise too_many()
            if len(line) > LONGEST_LINE:
                raise refuse(f"line {number}", f"it has more than {LONGEST_LINE} characters.")
            yield line
