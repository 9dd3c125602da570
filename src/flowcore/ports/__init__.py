"""What the core needs from outside, one need per module, in the core's own words."""
