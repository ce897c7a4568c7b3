"""One operation of the document, compiled: parameters, bodies, responses, security."""
