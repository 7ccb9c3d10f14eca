"""Defines OperationRefused, the error of operators' commands: a message with a remedy."""

from typing import Any


class OperationRefused(Exception):
    """The command did nothing; `details` are for programs."""

    def __init__(self, message: str, **details: Any):
        super().__init__(message)
        self.message = message
        self.details = details
