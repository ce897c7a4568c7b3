"""Lists for sellers."""
