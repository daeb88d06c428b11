"""Services that speak OpenAI's protocol: where they are asked, and what people are told of where that is."""

from __future__ import annotations

import httpx


def endpoint(base_url: str, path: str) -> str:
    """The address of one of a service's routes.

    Args:
        base_url: with or without the final `/v1`.
        path: of the route, behind `/v1/`.
    """
    return f"{base_url.rstrip('/').removesuffix('/v1')}/v1/{path}"


def bearer(key: str) -> dict[str, str]:
    """The header with a key; none where it is empty."""
    return {"Authorization": f"Bearer {key}"} if key else {}


def origin(url: str) -> str:
    """Scheme, host and port of an address: what else it carries may be a secret. "?" where it is none."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        return "?"
    return f"{parsed.scheme}://{parsed.netloc.decode('ascii', 'replace')}" if parsed.host else "?"
