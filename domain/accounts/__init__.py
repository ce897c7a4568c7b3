"""Users, their sessions, and the links that stand in for a password."""
