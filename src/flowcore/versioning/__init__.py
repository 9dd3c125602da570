"""The policy of versions: append-only, gapless, restore makes a new one."""
