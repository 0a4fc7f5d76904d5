"""Sessions of people, as a proxy saw them: recorded, read, shown."""
