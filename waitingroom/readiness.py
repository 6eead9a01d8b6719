"""“Are we ready?”: what is looked at before a sale, row by row. Pure."""

ROWS = {
    "ready-secrets": "Secrets",
    "ready-store": "The store",
    "ready-clocks": "Clocks",
    "ready-workers": "The gate’s workers",
    "ready-shop": "The shop and its guard",
    "ready-opening": "The opening",
    "ready-words": "Texts in every language",
    "ready-brand": "The look of the pages",
    "ready-load-test": "The last load test",
    "ready-alarms": "Who hears of alarms",
}
"""Each row's id, for which docs/runbook.md has an entry, and its title; in order of the page."""
