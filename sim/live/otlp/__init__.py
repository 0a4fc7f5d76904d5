"""A run told to an OpenTelemetry collector while it goes on."""
