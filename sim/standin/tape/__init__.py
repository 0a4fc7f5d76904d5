"""Tools that the stand-in does not have, answered as a recording holds them, for many users at once."""
