"""The people of a simulation and what they act with: users as trio actors, logins, sessions, accounts."""
