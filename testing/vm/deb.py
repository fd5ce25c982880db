"""Reads Debian's packages, with Python's standard library alone."""

import io
import lzma
import tarfile

# Since Debian 12 these are links into /usr; packages may still name them.
MERGED = ("bin", "sbin", "lib", "lib64", "lib32", "libx32")


def open_data(path):
    """The tar inside a .deb (an ar archive), open."""
    with open(path, "rb") as deb:
        if deb.read(8) != b"!<arch>\n":
            raise ValueError(f"{path} is no package")
        while header := deb.read(60):
            name, size = header[:16].decode().strip().rstrip("/"), int(header[48:58])
            data = deb.read(size + size % 2)[:size]
            if name == "data.tar.xz":
                return tarfile.open(fileobj=io.BytesIO(lzma.decompress(data)))
            if name in ("data.tar", "data.tar.gz"):
                return tarfile.open(fileobj=io.BytesIO(data))
    raise ValueError(f"{path} holds no data.tar that this can read")


def merged(name):
    """`name` in a merged /usr, without the leading ./ or /."""
    name = name.lstrip("./")
    top = name.split("/", 1)[0]
    return "usr/" + name if top in MERGED else name


def members(path):
    """(TarInfo with its name in a merged /usr, content or None) of each member but the root."""
    with open_data(path) as tar:
        for info in tar:
            info.name = merged(info.name)
            if info.islnk():
                info.linkname = merged(info.linkname)
            if info.name:
                yield info, tar.extractfile(info).read() if info.isreg() else None
