"""What the document says of one operation, compiled: parameters, bodies, responses, security."""
