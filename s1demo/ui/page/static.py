"""The files the page loads from our own server: its scripts, which are ES modules, the vendored libraries, and nothing else."""

from __future__ import annotations

import hashlib
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Route

UI = Path(__file__).parents[1]
VENDOR = UI / "vendor"
SCRIPTS = tuple(sorted(path.relative_to(UI).as_posix() for path in UI.glob("*/*.js")))
_SERVED = {*SCRIPTS, *(path.relative_to(UI).as_posix() for path in VENDOR.rglob("*") if path.is_file())}
# One hash of all scripts: imports are relative, so they keep it. Vendored folders have a version in their name.
_VERSION = hashlib.sha256(b"".join(name.encode() + (UI / name).read_bytes() for name in SCRIPTS)).hexdigest()[:12]
PREFIX = f"/exhibit/{_VERSION}"
_CACHED = {"Cache-Control": "public, max-age=31536000, immutable"}  # other content has another address


def static_routes() -> list[BaseRoute]:
    """What `launch(app_kwargs={"routes": ...})` takes to serve the scripts and the vendored files below `PREFIX`."""

    async def serve(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in _SERVED:
            raise HTTPException(404)
        return FileResponse(UI / name, media_type="text/javascript" if name.endswith(".js") else None, headers=_CACHED)

    # No Mount: behind a proxy that strips Gradio's root_path, a mounted StaticFiles looks for the prefix as a folder.
    return [Route(PREFIX + "/{name:path}", serve, methods=["GET", "HEAD"])]
