"""The files the page loads late, from our own server: the vendored libraries and nothing else."""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.staticfiles import StaticFiles

VENDOR = Path(__file__).parents[1] / "vendor"
PREFIX = "/exhibit"
_CACHED = "public, max-age=31536000, immutable"  # the version is in each folder's name


def static_routes() -> list[BaseRoute]:
    """What `launch(app_kwargs={"routes": ...})` takes to serve `VENDOR` below `PREFIX`."""
    files = StaticFiles(directory=VENDOR)

    async def vendored(request: Request) -> Response:
        response = await files.get_response(request.path_params["path"], request.scope)
        response.headers["Cache-Control"] = _CACHED
        return response

    # No Mount: behind a proxy that strips Gradio's root_path, a mounted StaticFiles looks for the prefix as a folder.
    return [Route(PREFIX + "/{path:path}", vendored, methods=["GET", "HEAD"])]
