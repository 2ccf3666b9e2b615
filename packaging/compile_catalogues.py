"""Build hook: compiles every message catalogue (`.po`) into the `.mo` that gettext reads."""

from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


def compile_catalogues(root: Path) -> list[Path]:
    """Write a `.mo` beside every `.po` below `root` and return what was written."""
    written = []
    for source in sorted(root.glob("calsync_*/locale/*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        with source.open("rb") as readable:
            catalogue = read_po(readable)
        with target.open("wb") as writable:
            write_mo(writable, catalogue)
        written.append(target)
    return written


class CompileCatalogues(BuildHookInterface):
    """Runs before a wheel, an editable install or a source archive is made."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile the catalogues in the tree; `artifacts` in pyproject.toml takes them along."""
        del version, build_data
        compile_catalogues(Path(self.root))
