"""Metrics in the Prometheus text format, summed over all processes of a server."""
