"""Telling webhooks of events: signed, with a new check of the address at each attempt, and again after pauses."""


def attempt_next_delivery() -> bool:
    return False


def has_due_deliveries() -> bool:
    return False
