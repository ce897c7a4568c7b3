"""The guard in front of the application: checks of the message before any framework sees it."""
