"""The paths that monitoring requests every few seconds."""

PROBES = frozenset({"/healthz", "/readyz", "/metrics"})
