"""The contract engine: serves an OpenAPI 3.1 document and validates every exchange.

README.md describes how to mount one, and what is supported.
"""
