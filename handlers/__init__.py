"""Everything that faces users: application, contract engine, operations, pages, commands."""
