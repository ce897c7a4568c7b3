"""What handlers share: the request, pages, errors, redirects."""
