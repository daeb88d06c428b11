"""The conversation as the wire shows it: its items in order, and which reply stands behind which item."""

from __future__ import annotations

from avatar.server.protocol.objects import Item
from avatar.server.protocol.parsing import EventError

KEPT_ITEMS = 500
"""Older items can no longer be retrieved, truncated or deleted."""

ROOT = "root"
"""Stands for the place before the first item (OpenAI Realtime)."""


class Items:
    """The items of one conversation. The sound is not kept; the words of the session's own history are its own."""

    def __init__(self) -> None:
        self._items: dict[str, Item] = {}
        self._replies: dict[str, str] = {}
        self._removed: dict[str, None] = {}

    @property
    def last_id(self) -> str | None:
        """The id of the newest item."""
        return next(reversed(self._items), None)

    def __contains__(self, item_id: str) -> bool:
        return item_id in self._items

    def was_told(self, item_id: str) -> bool:
        """Whether there is an item of that id, or was until the client deleted it."""
        return item_id in self._items or item_id in self._removed

    def check_place(self, after: str | None) -> None:
        """Ask whether an item can be put there.

        Raises:
            EventError: there is no item of the id `after`.
        """
        if after not in (None, ROOT) and after not in self._items:
            raise EventError(
                "previous_item_id names no item of this conversation.",
                "previous_item_id 不是这次对话的条目。",
                code="item_create_invalid_previous_item_id",
                param="previous_item_id",
            )

    def add(self, item: Item, reply_id: str | None = None, *, after: str | None = None) -> str | None:
        """Put an item at the end, or after another; returns the id of the one before it.

        Args:
            reply_id: of the reply that the item holds.
            after: the id of an item that there is, or ROOT.
        """
        previous = self._place(item, after) if after is not None and after != self.last_id else self._append(item)
        self._removed.pop(item.id, None)
        if reply_id is not None:
            self._replies[item.id] = reply_id
        while len(self._items) > KEPT_ITEMS:
            oldest = next(iter(self._items))
            del self._items[oldest]
            self._replies.pop(oldest, None)
        return previous

    def replace(self, item: Item) -> str | None:
        """Put an item in place of its former state, if it is still there; returns the id of the one before it."""
        if item.id not in self._items:
            return None
        self._items[item.id] = item
        ids = list(self._items)
        place = ids.index(item.id)
        return ids[place - 1] if place else None

    def remove(self, item_id: str) -> str:
        """Take an item out; returns the id by which the session knows it.

        Raises:
            EventError: there is none of that id.
        """
        self.get(item_id, "item_delete_invalid_item_id")
        del self._items[item_id]
        self._removed[item_id] = None
        while len(self._removed) > KEPT_ITEMS:
            del self._removed[next(iter(self._removed))]
        return self._replies.pop(item_id, item_id)

    def get(self, item_id: str, code: str = "item_retrieve_invalid_item_id") -> Item:
        """An item.

        Raises:
            EventError: there is none of that id.
        """
        item = self._items.get(item_id)
        if item is None:
            raise EventError(
                "There is no item of that id in this conversation.",
                "这次对话里没有这个 id 的条目。",
                code=code,
                param="item_id",
            )
        return item

    def reply_of(self, item_id: str) -> str:
        """The id of the reply that an item holds.

        Raises:
            EventError: there is no such item, or it is not a reply that was given.
        """
        self.get(item_id, "item_truncate_invalid_item_id")
        reply_id = self._replies.get(item_id)
        if reply_id is None:
            raise EventError(
                "Only replies that the persona gave can be truncated; this item is none.",
                "只能截断人物给出的回复;这一条不是。",
                code="unsupported_item",
                param="item_id",
            )
        return reply_id

    def _append(self, item: Item) -> str | None:
        previous = self.last_id
        self._items[item.id] = item
        return previous

    def _place(self, item: Item, after: str) -> str | None:
        entries = list(self._items.items())
        place = 0 if after == ROOT else list(self._items).index(after) + 1
        self._items = dict([*entries[:place], (item.id, item), *entries[place:]])
        return None if after == ROOT else after
