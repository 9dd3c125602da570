"""Findings about a drawing: what is wrong or unwise, and what to do."""
