"""How a user proves who he is: OAuth with a person (or a program) in front of the login page."""
