"""Repositories and feeds kept in this process."""
