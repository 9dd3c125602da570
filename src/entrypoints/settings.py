"""The settings of the service, read once from a mapping that is passed in."""
