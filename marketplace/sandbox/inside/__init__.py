"""The inside of the sandbox: standard library only; this folder alone is what every confined process may import of the ground."""
