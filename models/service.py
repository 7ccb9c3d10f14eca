"""The status of a service, which is a subscription order as its customer sees it, and why one is suspended."""

from enum import StrEnum


class ServiceStatus(StrEnum):
    PENDING = "pending"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    CANCELLED = "cancelled"
    TERMINATED = "terminated"


class SuspensionReason(StrEnum):
    UNPAID = "unpaid"                    # invoices of its customer are overdue, by the merchant's rule
    DECLINED = "declined"                # its own payment was declined
    PAUSED = "paused"
    MERCHANT = "merchant"
