"""The accounts: what is built and earned, borrowed, taxed and left to the owners."""
