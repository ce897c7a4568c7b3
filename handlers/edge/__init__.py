"""The guard in front of everything: what a message is judged by before any framework sees it."""
