"""Who sits at the terminal: commands that write leave the name of the operating-system user in the record."""

import getpass

from marketplace import origin
from marketplace.origin import Origin


def name() -> str:
    """Return the operating-system user who runs this command."""
    return getpass.getuser()


def sign(command: str) -> None:
    """Let every event of this process say which command wrote it and who ran that."""
    origin.begin(Origin(request_id=f"manage.py {command} by {name()}"[:64]))
