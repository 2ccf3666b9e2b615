"""The options of `calsync-agent check`; light, because every command line reads them."""

from calsync_agent.arguments import Parser
from calsync_agent.i18n import _


def fill(check: Parser) -> None:
    """Add them."""
    check.add_argument(
        "--find-user",
        metavar=_("ADDRESS"),
        help=_("also find this user: e-mail address, user principal name or object id"),
    )
    check.add_argument(
        "--alert",
        action="store_true",
        help=_("instead, send a test message through each channel of [alerts]"),
    )
    check.add_argument(
        "--sign-in",
        metavar=_("TENANT"),
        help=_("instead, only try whether the app can sign in to this tenant"),
    )
    check.add_argument("--json", action="store_true", help=_("as JSON, for programs"))
