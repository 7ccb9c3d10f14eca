"""The statuses of orders as people read them."""

from models.order import OrderStatus

MEANINGS = {
    OrderStatus.PENDING: "Pending first payment", OrderStatus.FAILED: "Failed, being retried",
    OrderStatus.SUSPENDED: "Suspended, payment needed", OrderStatus.REVIEW: "In review, paid too much",
}
