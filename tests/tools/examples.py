#!/usr/bin/python3
"""Write into our pages what their examples print: README.md, fcgi/API.md, or the pages named.

Each page is run from its beginning against a new quickstart. tests/api/test_manual.py holds the pages against the
service; look at what changed before it is committed.
"""

import pathlib
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))

from carillon import Service  # noqa: E402
from manual import Shell, rewritten  # noqa: E402


def main(pages):
    for page in pages:
        with tempfile.TemporaryDirectory(prefix="carillon-") as name:
            folder = pathlib.Path(name)
            folder.chmod(0o755)
            service = Service(folder / "run").start()
            try:
                with Shell(folder) as shell:
                    page.write_text(rewritten(page, shell), "utf-8")
            finally:
                service.stop()


if __name__ == "__main__":
    main([pathlib.Path(name) for name in sys.argv[1:]] or [ROOT / "README.md", ROOT / "fcgi" / "API.md"])
