"""What the outside touches: the application, the contract engine, operations, pages, commands."""
