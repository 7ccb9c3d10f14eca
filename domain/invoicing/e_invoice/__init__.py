"""E-invoices of EN 16931 in the CII syntax (Factur-X, ZUGFeRD): how they are written and checked."""
