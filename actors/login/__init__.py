"""How users prove who they are: OAuth with a person (or a program) in front of the login page."""
