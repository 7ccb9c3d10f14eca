"""Declares what prices carry in the Core API: taxes, discounts, fees, groups, tiers."""
