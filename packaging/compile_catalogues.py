"""Build hook: compiles every message catalogue (`.po`) into the `.mo` that gettext reads."""

import runpy
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompileCatalogues(BuildHookInterface):
    """Runs before a wheel, an editable install or a source archive is made."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile the catalogues in the tree; `artifacts` in pyproject.toml takes them along."""
        del version, build_data
        root = Path(self.root)
        # A hook is loaded by its path, so it cannot import what lies beside it.
        tools = runpy.run_path(str(root / "packaging" / "update_catalogues.py"))
        tools["compile_catalogues"](root)
