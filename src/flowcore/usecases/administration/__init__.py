"""What only who runs the service may: other people's accounts, and the keys."""
