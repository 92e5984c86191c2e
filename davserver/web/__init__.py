"""The pages: for beneficiaries, professionals, managers and administrators, on the same gate."""
