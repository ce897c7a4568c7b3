"""The contract engine: serves an OpenAPI 3.1 document and judges every exchange.

README.md says how to mount one, and what is supported.
"""
