"""Under which account a command runs."""

import getpass


def account() -> str:
    """Its name, as the log tells who did what."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "?"  # an account that the system has no name for
