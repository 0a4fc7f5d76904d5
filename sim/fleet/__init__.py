"""A crowd on many cores and machines: shards, each this program with a part of the users, and one verdict."""
