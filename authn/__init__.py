"""Who: credentials, signing in, and the directory of people. What they may is not known here."""
