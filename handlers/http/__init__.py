"""HTTP, independent of operations: headers, bodies, media types, errors."""
