"""What people read: facts of a run, as text, as a page and as files."""
