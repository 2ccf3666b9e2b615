"""`python -m calsync_tui` is `calsync-tui`."""

import sys

from calsync_tui.cli import main

if __name__ == "__main__":
    sys.exit(main())
