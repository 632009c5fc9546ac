"""The page for people who would rather look: its files, read once at the start, each under the hash of its content."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

FOLDER = Path(__file__).resolve().parents[2] / "page"
INDEX = "index.html"
TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".json": "application/json",
    ".woff2": "font/woff2",
}
"""Types of the files that may be part of the page; others of the folder are not served."""
FOREVER, ASK_AGAIN = "public, max-age=31536000, immutable", "no-cache"
LINK = re.compile(r'(?<=["\'])/page/([^"\'?#]+)(?=["\'])')
HASH_CHARACTERS = 16


def router(folder: Path = FOLDER) -> APIRouter:
    """Build the routes; `/` leads to the documentation where there is no page.

    Parameters
    ----------
    folder : Path
        Of the page's files; those of a kind in `TYPES` are served.
    """
    routes = APIRouter(include_in_schema=False)
    served = _read(folder)
    hashes = {name: hashlib.sha256(content).hexdigest()[:HASH_CHARACTERS] for name, content in served.items()}
    if INDEX in served:
        served[INDEX] = _with_hashes(served[INDEX], hashes)
        hashes[INDEX] = hashlib.sha256(served[INDEX]).hexdigest()[:HASH_CHARACTERS]

    @routes.get("/")
    async def index(request: Request) -> Response:
        return _file(request, INDEX) if INDEX in served else RedirectResponse("docs")

    @routes.get("/page/{name:path}")
    async def file(request: Request, name: str) -> Response:
        if name not in served:
            raise HTTPException(404, "no such page")
        return _file(request, name)

    def _file(request: Request, name: str) -> Response:
        tag = f'"{hashes[name]}"'
        fixed = request.query_params.get("v") == hashes[name]
        headers = {"ETag": tag, "Cache-Control": FOREVER if fixed else ASK_AGAIN}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return Response(served[name], media_type=TYPES[Path(name).suffix], headers=headers)

    return routes


def _read(folder: Path) -> dict[str, bytes]:
    """Read contents by name below the folder: a request can only name what is in here, never a place on the disk."""
    if not folder.is_dir():
        return {}
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix in TYPES
    }


def _with_hashes(index: bytes, hashes: dict[str, str]) -> bytes:
    """Put the hash behind the name of each file that the page loads."""

    def with_hash(link: re.Match[str]) -> str:
        name = link[1]
        return f"/page/{name}?v={hashes[name]}" if name in hashes else link[0]

    return LINK.sub(with_hash, index.decode("utf-8")).encode()
