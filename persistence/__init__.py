"""Where things are kept: tables, queries, units of work, migrations and rendered documents."""
