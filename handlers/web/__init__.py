"""Shared by handlers: the request, pages, errors, redirects."""
