"""Running SQL: compiled statements, units of work on one connection, and aggregates of rows."""
