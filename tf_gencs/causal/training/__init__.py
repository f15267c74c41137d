"""How a controller learns: critics, what they ask, and what they are shown."""
