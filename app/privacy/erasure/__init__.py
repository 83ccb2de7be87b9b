"""The erasure of a person who left long ago, or when the law demands it."""
