"""Static files as they are served: named by what they hold, and compressed once rather than at every start."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from whitenoise.storage import CompressedManifestStaticFilesStorage

# Folders named by what lies in them (scripts/vendor.sh): their files need no names of that kind.
NAMED_BY_FOLDER = "vendor/coast-"


class StaticFiles(CompressedManifestStaticFilesStorage):
    """Leaves files alone that a folder's name tells apart, and what was compressed before and has not changed."""

    def post_process(self, paths: dict[str, Any], *args: Any, **options: Any) -> Iterator[tuple[str, str, Any]]:
        named = {name: path for name, path in paths.items() if not name.startswith(NAMED_BY_FOLDER)}
        yield from super().post_process(named, *args, **options)
        if not options.get("dry_run"):
            for name, compressed in self.compress_files(paths.keys() - named.keys()):
                yield name, compressed, True

    def compress_files(self, paths: Iterable[str]) -> Iterator[tuple[str, str]]:
        """As WhiteNoise does, but only what is new."""
        yield from super().compress_files([path for path in paths if not self._is_compressed(path)])

    def _is_compressed(self, path: str) -> bool:
        whole = Path(self.path(path))
        compressed = Path(f"{whole}.br")
        return compressed.exists() and compressed.stat().st_mtime >= whole.stat().st_mtime
