"""Put one drawing into another without clashes, so that doing it twice changes nothing."""

from flowcore.merging._merge import Merged, OnConflict, merge_drawing

__all__ = ["Merged", "OnConflict", "merge_drawing"]
