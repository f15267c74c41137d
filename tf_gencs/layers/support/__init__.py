"""What measurements share: their values, norms, matrices and masks in files."""
