"""Packs a folder as a Go module: every file below module@version/, in order
and with one date, so that the same module has the same hash.

    module_zip.py FOLDER MODULE@VERSION FILE
"""

import os
import sys
import zipfile

folder, prefix, target = sys.argv[1:]
files = sorted(
    os.path.relpath(os.path.join(parent, name), folder)
    for parent, _, names in os.walk(folder)
    for name in names
)
with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
    for name in files:
        with open(os.path.join(folder, name), "rb") as file:
            archive.writestr(zipfile.ZipInfo(f"{prefix}/{name}"), file.read(),
                             compress_type=zipfile.ZIP_DEFLATED)
