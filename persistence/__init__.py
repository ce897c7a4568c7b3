"""Tables, queries, units of work, migrations and stored documents."""
