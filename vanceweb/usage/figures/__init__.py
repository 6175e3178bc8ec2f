"""The figures of the dashboard, computed from the roll-ups."""
