"""The conversation as the wire shows it: its items in order, and which reply stands behind which item."""

from __future__ import annotations

from avatar.server.protocol.objects import Item
from avatar.server.protocol.parsing import EventError

KEPT_ITEMS = 500
"""Older items can no longer be retrieved or truncated."""


class Items:
    """The items of one conversation. The sound is not kept; the words of the session's own history are its own."""

    def __init__(self) -> None:
        self._items: dict[str, Item] = {}
        self._replies: dict[str, str] = {}

    @property
    def last_id(self) -> str | None:
        """The id of the newest item."""
        return next(reversed(self._items), None)

    def __contains__(self, item_id: str) -> bool:
        return item_id in self._items

    def add(self, item: Item, reply_id: str | None = None) -> str | None:
        """Put an item at the end; returns the id of the one before it.

        Args:
            reply_id: of the reply that the item holds.
        """
        previous = self.last_id
        self._items[item.id] = item
        if reply_id is not None:
            self._replies[item.id] = reply_id
        while len(self._items) > KEPT_ITEMS:
            oldest = next(iter(self._items))
            del self._items[oldest]
            self._replies.pop(oldest, None)
        return previous

    def replace(self, item: Item) -> str | None:
        """Put an item in place of its former state; returns the id of the one before it."""
        if item.id not in self._items:
            return self.add(item)
        self._items[item.id] = item
        ids = list(self._items)
        place = ids.index(item.id)
        return ids[place - 1] if place else None

    def get(self, item_id: str) -> Item:
        """An item.

        Raises:
            EventError: there is none of that id.
        """
        item = self._items.get(item_id)
        if item is None:
            raise EventError(
                "There is no item of that id in this conversation.",
                "这次对话里没有这个 id 的条目。",
                code="item_not_found",
                param="item_id",
            )
        return item

    def reply_of(self, item_id: str) -> str:
        """The id of the reply that an item holds.

        Raises:
            EventError: there is no such item, or it is the user's.
        """
        self.get(item_id)
        reply_id = self._replies.get(item_id)
        if reply_id is None:
            raise EventError(
                "Only the persona's replies can be truncated; this item is the user's.",
                "只能截断人物的回复;这一条是用户的。",
                code="unsupported_item",
                param="item_id",
            )
        return reply_id
