"""Users, sessions and one-time tokens."""
