"""Authentication, and what protects it: cookies, tokens, limits."""
