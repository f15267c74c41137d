"""A record that cannot be recovered from, and why."""


class Malformed(ValueError):
    """Its message goes on after "the record": "has no `y`"."""
