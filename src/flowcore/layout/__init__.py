"""Automatic positions for drawings."""
