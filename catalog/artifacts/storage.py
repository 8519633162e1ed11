"""Where bytes lie: a folder by default; names are sha256 only, so nobody's name ever becomes a path."""

from django.core.files.storage import FileSystemStorage


class FolderStorage(FileSystemStorage):
    """A folder of blobs, readable by the service alone."""

    def __init__(self, location: str) -> None:
        super().__init__(location=location, file_permissions_mode=0o600, directory_permissions_mode=0o700)


def key(sha256: str) -> str:
    """Return where a blob lies: two levels of folders by its sha256."""
    return f"blobs/{sha256[:2]}/{sha256[2:4]}/{sha256}"
