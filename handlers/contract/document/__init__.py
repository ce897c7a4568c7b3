"""The OpenAPI document: reading, bundling, checking and publishing it."""
