"""The program's own archives: the source archive, and the wheel that is built from that."""

import sys
import tarfile
import tempfile
from pathlib import Path

from making.steps import ROOT, Failed, epoch, run


def build_sdist(out: Path) -> Path:
    """Build the source archive from what is committed, whatever else lies about."""
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        committed = Path(folder, "committed.tar")
        run("git", "archive", "--format=tar", "--output", committed, "HEAD", folder=ROOT)
        tree = Path(folder, "tree")
        with tarfile.open(committed) as archive:
            archive.extractall(tree, filter="data")
        return _build("sdist", tree, out)


def build_wheel(out: Path, sdist: Path | None = None) -> Path:
    """Build the wheel from the source archive, so that it is seen to be complete."""
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        source = sdist or build_sdist(Path(folder, "sdist"))
        tree = Path(folder, "tree")
        with tarfile.open(source) as archive:
            archive.extractall(tree, filter="data")
        return _build("wheel", next(tree.iterdir()), out)


def _build(target: str, tree: Path, out: Path) -> Path:
    before = set(out.iterdir())
    run(
        *(sys.executable, "-m", "hatchling", "build", "--target", target),
        *("--directory", out.absolute()),
        folder=tree,
        extra={"SOURCE_DATE_EPOCH": str(epoch())},
    )
    made = [path for path in out.iterdir() if path not in before]
    if len(made) != 1:
        raise Failed(f"a {target} was to be built in {out}, and there are {len(made)} new files")
    return made[0]
