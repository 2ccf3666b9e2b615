"""`calsync-agent manual [WORD …]`: a chapter of the manual, or where in it words are found."""

import argparse

from calsync_agent import i18n, manual
from calsync_agent.console import say
from calsync_agent.errors import Unknown
from calsync_agent.i18n import _, message


def show(options: argparse.Namespace) -> int:
    """Print the list of chapters, one of them, or every part that holds the words."""
    language = i18n.current()
    words = " ".join(options.words)
    if not words:
        for name in manual.CHAPTERS:
            say(f"{name:<10} {manual.title(name, language)}")
        say(
            _("a chapter: calsync-agent manual NAME; where words stand: calsync-agent manual WORDS")
        )
        return 0
    if words in manual.CHAPTERS:
        found = [manual.chapter(words, language)]
    else:
        found = [f"({one.chapter})\n{one.text}" for one in manual.search(words, language)]
    if not found:
        raise Unknown(message("nothing in the manual has the words {words}", words=words))
    for line in "\n".join(found).rstrip().split("\n"):
        say(line)
    return 0
