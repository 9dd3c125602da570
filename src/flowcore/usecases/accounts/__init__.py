"""Accounts: how people get in, and by what they are known afterwards."""
