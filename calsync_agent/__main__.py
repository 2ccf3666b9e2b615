"""`python -m calsync_agent` is `calsync-agent`."""

import sys

from calsync_agent.cli import main

if __name__ == "__main__":
    sys.exit(main())
