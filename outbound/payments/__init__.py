"""Payments at gateways: collects, refunds and looks up what is due, and takes what gateways notify."""
