"""What is in a tree of files: Compose files, and projects that can be built."""
