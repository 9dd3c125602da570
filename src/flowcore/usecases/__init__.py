"""What a caller can ask for. A use case is a frozen class: its fields are the ports it needs, and you call it."""
