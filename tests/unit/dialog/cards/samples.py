"""Cards made from every field of the specifications: V1, V2 and V3, plain, full and odd."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image

Body = dict[str, Any]

V1: Body = {
    "name": "阿三",
    "description": "{{char}}是撑船的。",
    "personality": "话短。",
    "scenario": "渡口，夜里。",
    "first_mes": "上船罢，{{user}}。",
    "mes_example": "<START>\n{{user}}: 河深吗？\n{{char}}: 比桨长。",
}
ENTRY: Body = {
    "keys": ["渡船", "boat"],
    "content": "渡船是柳木做的。",
    "extensions": {"depth": 4, "someone/else": {"weight": 1.5}},
    "enabled": True,
    "insertion_order": 10,
    "case_sensitive": False,
    "name": "渡船",
    "priority": 3,
    "id": 7,
    "comment": "from the notes",
    "selective": True,
    "secondary_keys": ["木"],
    "constant": False,
    "position": "after_char",
}
BOOK: Body = {
    "name": "河",
    "description": "what is known about the river",
    "scan_depth": 3,
    "token_budget": 300,
    "recursive_scanning": True,
    "extensions": {},
    "entries": [ENTRY],
}
V2: Body = {
    "spec": "chara_card_v2",
    "spec_version": "2.0",
    "data": {
        **V1,
        "creator_notes": "Best by night.",
        "system_prompt": "{{original}} Be brief.",
        "post_history_instructions": "Stay on the river.",
        "alternate_greetings": ["夜里走么？", "Where to?"],
        "tags": ["boatman", "河"],
        "creator": "someone",
        "character_version": "1.2",
        "extensions": {"depth_prompt": {"depth": 4, "prompt": "tired"}, "fav": False},
        "character_book": BOOK,
    },
}
V3: Body = {
    "spec": "chara_card_v3",
    "spec_version": "3.0",
    "data": {
        **V2["data"],
        "group_only_greetings": ["诸位上船。"],
        "assets": [
            {"type": "icon", "uri": "embeded://assets/icon/images/main.png", "name": "main", "ext": "png"},
            {"type": "background", "uri": "https://example.org/river.png", "name": "main", "ext": "png"},
            {"type": "x_sound", "uri": "ccdefault:", "name": "oar", "ext": "unknown"},
        ],
        "nickname": "三哥",
        "creator_notes_multilingual": {"en": "Best by night.", "zh": "宜夜。"},
        "source": ["https://example.org/cards/1"],
        "creation_date": 1_700_000_000,
        "modification_date": 0,
        "character_book": {
            **BOOK,
            "entries": [
                {**ENTRY, "use_regex": True, "keys": ["/boats?/i"], "content": "@@depth 2\n@@role user\nWillow."}
            ],
        },
    },
}


def variant(base: Body, **fields: Any) -> Body:
    """A card with some of its fields changed; None takes one away."""
    data = {**base.get("data", base), **fields}
    data = {key: value for key, value in data.items() if value is not None}
    return {**base, "data": data} if "data" in base else data


CARDS: dict[str, Body] = {
    "v1": V1,
    "v1 with the name and one text": {"name": "A", "description": "b"},
    "v1 with unknown keys": variant(V1, avatar="none", metadata={"tool": {"version": 2}}, create_date=1e12),
    "v1 with empty texts": dict.fromkeys(V1, ""),
    "v1 with quotes, emoji and line ends": variant(V1, description='"\\" 🚣\r\n\t<b>&amp;</b>'),
    "v2": V2,
    "v2 without a book": variant(V2, character_book=None),
    "v2 with V1 beside it": {**V1, **V2, "create_date": "2024-1-1"},
    "v2 with unknown keys": variant(V2, surprise=[1, 2.5, None, True, {"deep": []}], extensions={"x": {"y": [{}]}}),
    "v2 of a later version": {**V2, "spec_version": "2.1"},
    "v2 with only a name": {"spec": "chara_card_v2", "spec_version": "2.0", "data": {"name": "x"}},
    "v2 with an empty book": variant(V2, character_book={"entries": [], "extensions": {}}),
    "v2 with wrong types": variant(V2, tags="none", extensions=[], character_book=3),
    "v2 with ours": variant(V2, extensions={"avatar/voice": "luxun", "avatar/unknown": {"a": 1}}),
    "v2 with half a surrogate pair": variant(V2, creator="\ud83d"),
    "v2 with a long text": variant(V2, description="河" * 50_000),
    "v3": V3,
    "v3 without assets": variant(V3, assets=None),
    "v3 with a later version": {**V3, "spec_version": "3.1", "new": {"top": 1}},
    "v3 with unknown decorators": variant(
        V3, character_book={**BOOK, "entries": [{**ENTRY, "content": "@@no_such 4\n@@@depth 3\n@@x\nText", "id": "a"}]}
    ),
    "v3 with only what must be": variant(
        {"spec": "chara_card_v3", "spec_version": "3.0", "data": {"name": "n", "group_only_greetings": []}}
    ),
    "v3 with large and small numbers": variant(V3, extensions={"n": [9007199254740993, -0.0, 1e-300, 123456789.125]}),
    "v3 with control characters": variant(V3, description="a\u0000b\u202ec\u0007"),
    "v3 in Chinese keys": variant(V3, 备注="自用", extensions={"别人/设置": {"开": True}}),
}


def picture() -> bytes:
    """A small PNG."""
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), (90, 120, 110)).save(buffer, "PNG")
    return buffer.getvalue()
