"""Pages that explain the interface for programs to people."""
