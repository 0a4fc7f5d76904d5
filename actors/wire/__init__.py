"""MCP sessions over our own transport: a kept HTTP/1.1 connection a user, read in the caller's task."""
