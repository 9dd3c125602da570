"""Live events inside this process."""
