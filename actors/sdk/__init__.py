"""MCP sessions through the SDK's own streamable-HTTP client: the reference that ours is held against."""
