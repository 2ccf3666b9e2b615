"""What Windows' service manager starts: the agent, as the service `calsync-agent`.

    python.exe -m calsync_agent.commands.hosting [--config FILE] [--lang de|en]

The service manager gives up on a process that does not report to it within 30 seconds, which after
a cold start may be less than the agent takes to load. So that is done when it has reported.
"""

import argparse
import logging
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from calsync_agent import i18n
from calsync_agent.arguments import language
from calsync_agent.console import warn
from calsync_agent.i18n import _
from calsync_agent.platform import service_control, service_host
from calsync_agent.platform.access import Refused
from calsync_agent.platform.service_host import Bell

Report = Callable[[int, int, str], None]

_NO_MANAGER: Final = 1063  # ERROR_FAILED_SERVICE_CONTROLLER_CONNECT


def main(arguments: Sequence[str] | None = None) -> int:
    """Be the service until it is stopped; returns the exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    i18n.use(language(words, "en"))
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--config", type=Path)
    parser.add_argument("--lang", choices=i18n.LANGUAGES)
    options = parser.parse_args(words)
    try:
        service_host.host(service_control.NAME, lambda bell: _begin(options.config, bell))
    except Refused as error:
        if error.winerror == _NO_MANAGER:
            warn(_("this is for Windows' service manager: calsync-agent service start"))
        else:
            warn(error)
        return 1
    return 0


def _begin(config: Path | None, bell: Bell) -> int:
    from calsync_agent.logs.event_log import reporter  # noqa: PLC0415 - see above

    return live(config, bell, reporter(service_control.NAME))


def live(config: Path | None, bell: Bell, report: Report) -> int:
    """The agent, until the bell rings. What ends it otherwise is told in the event log."""
    from calsync_agent.commands.serving import serve  # noqa: PLC0415 - see above
    from calsync_agent.errors import CalsyncError  # noqa: PLC0415
    from calsync_agent.logs import event_ids  # noqa: PLC0415
    from calsync_agent.logs.event_log import EventLog, kind_of  # noqa: PLC0415
    from calsync_agent.logs.logs import in_one_line  # noqa: PLC0415

    def failed(text: str) -> None:
        report(kind_of(logging.ERROR), event_ids.event_id(logging.ERROR), text)

    report(kind_of(logging.INFO), event_ids.SERVICE_STARTED, _("The service has started."))
    try:
        serve(config, bell.listening, [EventLog(report)])
    except CalsyncError as error:
        failed(str(error))
        return error.exit_status
    except Exception as error:  # noqa: BLE001 - nobody else would tell of it
        failed(_("internal error: {detail}").format(detail=in_one_line(error)))
        return 1
    report(kind_of(logging.INFO), event_ids.SERVICE_STOPPED, _("The service has stopped."))
    return 0


if __name__ == "__main__":
    sys.exit(main())
