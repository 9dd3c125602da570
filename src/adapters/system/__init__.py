"""The real clock and real randomness."""
