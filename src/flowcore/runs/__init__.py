"""A run as a state machine without input or output."""
