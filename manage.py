#!/usr/bin/env python
"""The Django entry; without `DATABASE_URL` a command gets the embedded services for as long as it runs."""

import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")
try:
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    from marketplace.local.entry import prepared
    from marketplace.local.processes import LocalError
except ModuleNotFoundError as missing:
    sys.exit(f"The Python package `{missing.name}` is not installed here. Run `make setup`, then use .venv/bin/python manage.py.")


def main() -> None:
    """Run one command; what a person can put right is one sentence, not a traceback."""
    try:
        with prepared(sys.argv[1:]):
            execute_from_command_line(sys.argv)
    except (LocalError, ImproperlyConfigured) as refused:
        sys.exit(str(refused))
    except KeyboardInterrupt:
        sys.exit(0 if sys.argv[1:2] == ["up"] else 130)


if __name__ == "__main__":
    main()
