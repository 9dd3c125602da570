"""Password hashes, tokens and encryption."""
