"""The methods that a Path Item can have (OpenAPI 3.1)."""

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
