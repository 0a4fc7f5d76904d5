"""The built-in stand-in for Nextcloud and its MCP server.

It imports nothing of the rest of the project, and the rest knows it by its URL; only a virtual run
opens its store in-process.
"""
