"""The doors: HTTP, command line, and the composition root."""
