"""Archives that are the same whoever packs them, and when."""

import gzip
import io
import tarfile
from collections.abc import Mapping
from pathlib import Path

from making.steps import epoch


def pack(files: Mapping[str, Path], target: Path) -> Path:
    """Pack files, named as they are to be named inside, into `target` (.tar.gz)."""
    when = epoch()
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for name, path in sorted(files.items()):
            content = path.read_bytes()
            about = tarfile.TarInfo(name)
            about.size, about.mtime, about.mode = len(content), when, 0o644
            archive.addfile(about, io.BytesIO(content))
    # Wheels are compressed already.
    target.write_bytes(gzip.compress(packed.getvalue(), 1, mtime=0))
    return target
