"""Containers: what one program would unpack must be what every other program unpacks, and each member is judged like a file."""
