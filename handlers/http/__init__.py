"""HTTP itself, whatever the operation: headers, bodies, media types, errors."""
