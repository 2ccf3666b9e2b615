"""Brings the message catalogues up to date with the source, and compiles them.

    python packaging/update_catalogues.py            writes the calsync.po and .mo of each package
    python packaging/update_catalogues.py --check    writes nothing; status 1 if it would

Translations are kept; a new text gets an empty one, and one that is no longer in the source goes.
The messages that the manual quotes are brought up to date as well.

The files hold neither line numbers nor dates, so that they change only when texts do.
"""

import argparse
import datetime as dt
import io
import os
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("calsync_agent", "calsync_tui")
LANGUAGES = ("de",)
WIDTH = 100

# The functions of calsync_agent/i18n.py, and which of their arguments are texts.
KEYWORDS = {
    "_": None,
    "marked": None,
    "message": (1,),
    "ngettext": (1, 2),
    "counted": (1, 2),
}
"""What the extractor looks for."""

_COMMAND = re.compile(r"calsync-agent (?!manual)(db [a-z]+|[a-z]+)")
_FIELD = re.compile(r"\{\w+\}")
_PLACE = re.compile(r"^<!-- messages: ([a-z ]+) -->$", re.MULTILINE)
_PLACED = re.compile(r"(<!-- messages: ([a-z ]+) -->\n)(.*?)(<!-- until here -->\n)", re.DOTALL)

_FIXED = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def extracted(root: Path, package: str) -> Catalog:
    """A catalogue of all texts in the package's source, without translations."""
    catalogue = Catalog(charset="utf-8")
    found = extract_from_dir(root / package, [("**.py", "python")], keywords=KEYWORDS)
    for file, _line, text, comments, context in found:
        place = f"{package}/{Path(file).as_posix()}"
        catalogue.add(text, None, [(place, 0)], auto_comments=comments, context=context)
    return catalogue


def updated(path: Path, language: str, template: Catalog) -> bytes:
    """The catalogue at `path` with exactly the texts of `template`, as it is to be stored."""
    catalogue = stored(path, language)
    catalogue.update(template, no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    written = io.BytesIO()
    write_po(
        written,
        catalogue,
        width=WIDTH,
        sort_output=True,
        include_lineno=False,
        ignore_obsolete=True,
        omit_header=True,
    )
    return (_header(catalogue) + written.getvalue().decode()).encode()


def stored(path: Path, language: str) -> Catalog:
    """The catalogue as it is; an empty one where there is none."""
    if not path.exists():
        return Catalog(locale=language, charset="utf-8")
    with path.open("rb") as readable:
        return read_po(readable, locale=language)


def compiled(path: Path, language: str) -> bytes:
    """What the `.mo` of the `.po` at `path` holds; the same each time."""
    catalogue = stored(path, language)
    # Babel would fill in the present moment.
    catalogue.creation_date = catalogue.revision_date = _FIXED
    written = io.BytesIO()
    write_mo(written, catalogue)
    return written.getvalue()


def compile_catalogues(root: Path) -> list[Path]:
    """Write a `.mo` beside every `.po` below `root` where it differs; all of them are returned."""
    found = []
    for source in sorted(root.glob("calsync_*/locale/*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        write(target, compiled(source, source.parents[1].name))
        found.append(target)
    return found


def quoted(root: Path) -> Iterator[tuple[Path, bytes]]:
    """The manual's chapter of messages in each language, with every text that names a command.

    They stand below the command that is named first; those whose command has no place, at `others`.
    """
    for path in sorted((root / "calsync_agent" / "manual").glob("*/messages.md")):
        text = path.read_text(encoding="utf-8")
        lines = _naming(root, path.parent.name, set(_PLACE.findall(text)))
        parts = _PLACED.split(text)
        # In turn: what stands before, the opening, its place, the list, the closing.
        for at in range(1, len(parts) - 1, 5):
            parts[at + 1 : at + 3] = ["", "".join(sorted(lines[parts[at + 1]]))]
        yield path, "".join(parts).encode()


def _naming(root: Path, language: str, places: set[str]) -> dict[str, set[str]]:
    """By the places in the chapter, the lines that belong there."""
    lines: dict[str, set[str]] = {place: set() for place in places}
    for package in PACKAGES:
        source = root / package / "locale" / "de" / "LC_MESSAGES" / "calsync.po"
        for entry in stored(source, "de"):
            told = _last(entry.id if language == "en" else entry.string)
            named = _COMMAND.search(_last(entry.id))
            if named and told:
                place = named[1] if named[1] in places else "others"
                lines[place].add("- " + _FIELD.sub("…", told) + "\n")
    return lines


def _last(text: str | Sequence[str]) -> str:
    """The only form, or that for many."""
    return text if isinstance(text, str) else text[-1]


def write(path: Path, content: bytes) -> bool:
    """Put `content` into `path` at one stroke; whether it was something else before."""
    if path.exists() and path.read_bytes() == content:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    # Test workers may do the same at the same time.
    handle, temporary = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    Path(temporary).chmod(0o644)
    Path(temporary).replace(path)
    return True


def main(arguments: list[str]) -> int:
    """Bring everything up to date, or with `--check` say whether it is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing")
    check = parser.parse_args(arguments).check
    old = []
    for package in filter(lambda name: (ROOT / name).is_dir(), PACKAGES):
        template = extracted(ROOT, package)
        for language in LANGUAGES:
            path = ROOT / package / "locale" / language / "LC_MESSAGES" / "calsync.po"
            content = updated(path, language, template)
            if path.read_bytes() == content if path.exists() else not template:
                continue
            old.append(path)
            if not check:
                write(path, content)
    for path, content in quoted(ROOT):
        if path.read_bytes() != content:
            old.append(path)
            if not check:
                write(path, content)
    if not check:
        compile_catalogues(ROOT)
    for path in old:
        sys.stdout.write(f"{path.relative_to(ROOT)}{' is out of date' if check else ' written'}\n")
    return 1 if check and old else 0


def _header(catalogue: Catalog) -> str:
    lines = (
        f"Language: {catalogue.locale}",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: 8bit",
        f"Plural-Forms: {catalogue.plural_forms}",
    )
    return "\n".join(
        (
            "# What a person reads. packaging/update_catalogues.py keeps this list up to date.",
            'msgid ""',
            'msgstr ""',
            *(f'"{line}\\n"' for line in lines),
            "",
            "",
        )
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
