"""`calsync-agent support FILE.zip`: what helps others to understand a case, nothing personal (H7).

It asks the database and the files of this computer, never Exchange, and makes do with what it can
read: settings, secrets and tables may be wrong, and the database away.
"""

import argparse
from pathlib import Path

from calsync_agent import bundle
from calsync_agent.commands.output_file import write_private
from calsync_agent.console import say
from calsync_agent.errors import ConfigurationRefused
from calsync_agent.i18n import _, message
from calsync_agent.platform import is_there
from calsync_agent.support.collecting import Collecting


def support(options: argparse.Namespace) -> int:
    """Write the bundle; 0 also where some of it could not be had, which is said."""
    path: Path = options.file
    if is_there(path) and not bundle.is_bundle(path):
        raise ConfigurationRefused(
            message("{path}: exists and is no support bundle; name another file", path=str(path))
        )
    collecting = Collecting()
    content = bundle.packed(collecting.collect(options.config))
    write_private(path, content)
    say(message("{path} is written; it can be looked through before it is sent", path=str(path)))
    for name in collecting.missing:
        say(_("not to be had: {part}").format(part=name))
    return 0
