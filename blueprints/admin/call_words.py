"""Names the outcomes of calls, for forms and pages of metered orders."""

OUTCOMES = {
    "2": "Successes (2xx)", "3": "Redirects (3xx)", "4": "Refusals (4xx)", "5": "Errors (5xx)", "6": "RPC errors",
}
