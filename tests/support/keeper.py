"""Keeps a PostgreSQL running for as long as the test run lives; a process of its own.

`python keeper.py FOLDER INSTALLATION LIFELINE [NAME=VALUE…]` makes a server in FOLDER, with these
settings, and stops it when the lock LIFELINE becomes free: the test run holds it, and the system
frees it however the run ends, so that no server outlives its tests. Returns at once; writes
`ready`, or `failed` with the reason; holds `keeper.lock` until all is stopped.

PostgreSQL refuses to run as root; for root it runs as `nobody`, from a copy of its programs where
nobody else may read the installation.
"""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from filelock import FileLock

SOCKETS = "s"
NEEDS_PASSWORD = "needs_password"
_UNPRIVILEGED = "nobody"
_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "autovacuum": "off",
    "shared_buffers": "32MB",
    "timezone": "America/New_York",  # ours must not matter
}


def keep(folder: Path, installation: Path, lifeline: Path, more: dict[str, str]) -> None:
    """Run the server, with more settings, until the lifeline is free."""
    as_root = hasattr(os, "geteuid") and os.geteuid() == 0
    user = _UNPRIVILEGED if as_root else None
    if as_root:
        installation = _readable(folder, installation)
    data, sockets = folder / "data", folder / SOCKETS
    for owned in (data, sockets):
        owned.mkdir(mode=0o700)
        if as_root:
            shutil.chown(owned, _UNPRIVILEGED)
    initdb = [f"{installation}/bin/initdb", "--pgdata", str(data), "--username", "postgres"]
    options = ["--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--no-sync"]
    made = subprocess.run(
        [*initdb, *options], capture_output=True, text=True, user=user, check=False, cwd="/"
    )
    if made.returncode:
        raise RuntimeError(made.stderr + made.stdout)
    hosts = f"local all {NEEDS_PASSWORD} scram-sha-256\nlocal all all trust\n"
    (data / "pg_hba.conf").write_text(hosts, encoding="ascii")
    settings = {**_SETTINGS, **more, "unix_socket_directories": str(sockets)}
    arguments = [part for name in settings for part in ("-c", f"{name}={settings[name]}")]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [f"{installation}/bin/postgres", "-D", str(data), *arguments],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, user=user, cwd="/",
        )  # fmt: skip
    try:
        (folder / "ready").touch()
        with FileLock(lifeline):
            pass
    finally:
        server.send_signal(signal.SIGINT)  # the fast shutdown: rolls back, removes shared memory
        try:
            server.wait(timeout=20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        shutil.rmtree(data)


def _readable(folder: Path, installation: Path) -> Path:
    asked = [f"{installation}/bin/initdb", "--version"]
    try:
        subprocess.run(asked, check=True, capture_output=True, user=_UNPRIVILEGED, cwd="/")
    except (OSError, subprocess.CalledProcessError):
        package = installation.parent
        libraries = package.with_name(f"{package.name}.libs")  # found relative to the programs
        copy = folder / "installation"
        wanted = shutil.ignore_patterns("include", "*.a", "pkgconfig")
        for source in filter(Path.is_dir, (installation, libraries)):
            shutil.copytree(source, copy / source.relative_to(package.parent), ignore=wanted)
        for path in (copy, *copy.rglob("*")):
            path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
        return copy / installation.relative_to(package.parent)
    return installation


def main() -> None:
    """Keep the server in the background, and leave a word where that fails."""
    folder, installation, lifeline = (Path(argument) for argument in sys.argv[1:4])
    more = dict(argument.split("=", 1) for argument in sys.argv[4:])
    if os.fork():
        return
    os.setsid()  # a Ctrl-C is for the test run; its end is noticed anyway
    with FileLock(folder / "keeper.lock"):
        try:
            keep(folder, installation, lifeline, more)
        except (OSError, RuntimeError) as error:
            (folder / "failed").write_text(f"{type(error).__name__}: {error}", encoding="utf-8")
            raise


if __name__ == "__main__":
    main()
