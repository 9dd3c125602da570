"""The Compose language: load, interpolate, merge, normalise, convert to a drawing."""
