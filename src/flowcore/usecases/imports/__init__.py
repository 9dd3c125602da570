"""Imports of applications that are described elsewhere: files, repositories."""
