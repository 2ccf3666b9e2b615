import sys
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

from calsync_agent.i18n import current, use

SCRIPT = Path(__file__).parents[2] / "packaging" / "update_catalogues.py"


@pytest.fixture(scope="session")
def tool() -> ModuleType:
    """`packaging/update_catalogues.py`, which belongs to no package."""
    spec = spec_from_file_location(SCRIPT.stem, SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        spec.loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = before
    return module


@pytest.fixture(autouse=True)
def _same_language() -> Iterator[None]:
    before = current()
    use("en")
    yield
    use(before)
