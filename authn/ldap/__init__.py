"""The directories of structures (LDAP, Active Directory): ldap3 is known to nobody else."""
