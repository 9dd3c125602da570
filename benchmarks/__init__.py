"""Benchmarks: each against a peer in the same run, printing the ratio; no test ever judges a time."""
