"""The pages in the browser: Gradio's page and the player's modules."""

from avatar.web.page import mount_pages, talk_page

__all__ = ["mount_pages", "talk_page"]
