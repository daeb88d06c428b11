"""The pages, on the same FastAPI as the sockets: Gradio carries the layout, our own modules the face and the voice.

A live face cannot go through Gradio's queue, so the Talk page is one `gr.HTML` whose element is handed to
`static/talk.js` when it appears; from then on that module talks to the media socket by itself. The page that animates
photographs, at `/animate`, and those on which personas are made, at `/personas`, and voices are cloned, at `/voices`,
are made the same way, and talk to the routes under `/v1`.
"""

from __future__ import annotations

import asyncio
import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import FastAPI
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from avatar.errors import Language
from avatar.settings import Settings

if TYPE_CHECKING:
    import gradio as gr

STATIC = Path(__file__).resolve().parent / "static"

STATIC_PATH = "/static/avatar"
"""Where the modules, the style sheet and the icon are served."""

FONTS = ("Inter", "PingFang SC", "Noto Sans CJK SC", "Microsoft YaHei", "system-ui", "sans-serif")
"""Fonts that the visitor has, or not; none is fetched."""

HEAD = f"""
<link rel="stylesheet" href="{STATIC_PATH}/page.css">
<link rel="stylesheet" href="{STATIC_PATH}/style.css">
<link rel="stylesheet" href="{STATIC_PATH}/animate.css">
<link rel="stylesheet" href="{STATIC_PATH}/personas.css">
<link rel="stylesheet" href="{STATIC_PATH}/voices.css">
<link rel="stylesheet" href="{STATIC_PATH}/voices-edit.css">
<link rel="modulepreload" href="{STATIC_PATH}/talk.js">
"""

LOADER = 'import("{module}").then(({{ mount }}) => mount(element.querySelector("div"), {options}));'
"""What Gradio runs when the element is there; Gradio's own `element` is the component's."""


class _Modules(StaticFiles):
    """Files that a browser asks about again each time, so that a newer server never meets an older page's module."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "no-cache"
        return response


def mount_pages(app: FastAPI, settings: Settings, *, path: str = "/") -> FastAPI:
    """Add the pages to an application that has all its own routes already.

    Args:
        app: serves `/v1/avatar/media` and `/v1/avatar/personas`.
        settings: `language` is the page's, where the visitor has not chosen one; "auto" follows the browser.
        path: where the Talk page is; at "/", routes added later are never reached.

    Returns:
        The application to serve.
    """
    import gradio as gr

    def mount() -> FastAPI:
        with warnings.catch_warnings():  # it tells that several pages are not rendered on the server: nor is one
            warnings.filterwarnings("ignore", "SSR mode is not supported", UserWarning)
            return mount_quietly()

    def mount_quietly() -> FastAPI:
        served: FastAPI = gr.mount_gradio_app(
            app,
            talk_page(None if settings.language == "auto" else settings.language),
            path=path,
            footer_links=[],
            run_history=False,
            favicon_path=str(STATIC / "icon.svg"),
            theme=gr.themes.Base(font=FONTS, font_mono=("ui-monospace", "monospace")),
            head=HEAD,
            ssr_mode=False,
            enable_monitoring=False,
        )
        return served

    app.mount(STATIC_PATH, _Modules(directory=STATIC), name="avatar-static")
    return _inside_a_loop(mount)


def talk_page(default_language: Language | None = None) -> gr.Blocks:
    """The pages as one Gradio application: Talk; photographs, personas and voices at addresses of their own."""
    import gradio as gr

    options = json.dumps({"language": default_language} if default_language else {})
    page: gr.Blocks = gr.Blocks(title="对谈 · Talk", analytics_enabled=False, fill_width=True)
    with page:
        _module("talk", options)
    with page.route("老照片 · Photos", "/animate", show_in_navbar=False):
        _module("animate", options)
    with page.route("人物 · Personas", "/personas", show_in_navbar=False):
        _module("personas-page", options)
    with page.route("声音 · Voices", "/voices", show_in_navbar=False):
        _module("voices-page", options)
    return page


def _module(name: str, options: str) -> None:
    """An element that one of our modules fills."""
    import gradio as gr

    gr.HTML(
        html_template="<div></div>",
        js_on_load=LOADER.format(module=f"{STATIC_PATH}/{name}.js", options=options),
        apply_default_css=False,
        elem_id=f"avatar-{name}",
    )


def _inside_a_loop(build: Callable[[], FastAPI]) -> FastAPI:
    """Call something while an event loop runs: where none does, Gradio opens one for each lock and never closes it."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:

        async def call() -> FastAPI:
            return build()

        return asyncio.run(call())
    return build()
