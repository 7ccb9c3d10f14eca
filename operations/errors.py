"""What stops an operator's command, as a sentence with its mend."""

from typing import Any


class OperationRefused(Exception):
    """The command did nothing; `details` are for programs."""

    def __init__(self, message: str, **details: Any):
        super().__init__(message)
        self.message = message
        self.details = details
