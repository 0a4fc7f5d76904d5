"""A run's page, served while it goes on."""
