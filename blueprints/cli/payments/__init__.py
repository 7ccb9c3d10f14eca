"""Commands about payments: gateways, bank statements, metered orders and test clocks."""
