"""What the checks let run in the sandbox, beside the readers: it needs the standard library and installed packages, nothing of this program."""
