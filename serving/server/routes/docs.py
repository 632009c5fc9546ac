"""The documentation page: Swagger UI from an installed package, nothing from the internet."""

from __future__ import annotations

from importlib.resources import files

from fastapi import APIRouter, HTTPException, Response

from serving.server.middleware import policy

PACKAGE = "fastapi_offline"
"""The package that brings Swagger UI along as files."""
FILES = {"swagger-ui-bundle.js": "text/javascript", "swagger-ui.css": "text/css", "favicon.png": "image/png"}
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Silion: the API</title>
<link rel="icon" href="docs/favicon.png">
<link rel="stylesheet" href="docs/swagger-ui.css">
</head>
<body>
<div id="docs"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
"""
START = """SwaggerUIBundle({
  url: "openapi.json", dom_id: "#docs", deepLinking: true, validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIBundle.SwaggerUIStandalonePreset],
});
"""
CACHED = {"Cache-Control": "public, max-age=86400"}


def router() -> APIRouter:
    """Build the routes; the files are read once."""
    routes = APIRouter(include_in_schema=False)
    folder = files(PACKAGE) / "static"
    served = {name: (folder / name).read_bytes() for name in FILES}

    @routes.get("/docs")
    async def page() -> Response:
        # Swagger UI sets style attributes; its script needs nothing that the policy forbids
        rules = policy(style_src="'self' 'unsafe-inline'")
        return Response(PAGE, media_type="text/html", headers={"Content-Security-Policy": rules})

    @routes.get("/docs/{name}")
    async def file(name: str) -> Response:
        if name == "start.js":
            return Response(START, media_type="text/javascript", headers=CACHED)
        if name not in served:
            raise HTTPException(404, "no such page")
        return Response(served[name], media_type=FILES[name], headers=CACHED)

    return routes
