"""What a caller can ask for: one class per action, one class of queries per area, all with their ports as fields."""
