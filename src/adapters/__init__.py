"""Everything outside, one package per thing."""
