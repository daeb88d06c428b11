"""What a voice that is being fitted says: to be led by while it is fitted, and to be judged by afterwards."""

from __future__ import annotations

from avatar.errors import Language

PROBES: dict[Language, tuple[str, ...]] = {
    "zh": (
        "春天来了，河边的柳树都发了芽。",
        "我昨天买了几本旧书，还没来得及看。",
        "请把窗户关上，外面的风太大了。",
        "他笑着说，这件事以后再慢慢商量吧。",
    ),
    "en": (
        "The river was quiet in the early morning.",
        "I bought a few old books, but have not read them yet.",
        "Please close the window, the wind is too strong.",
        "She smiled and said we could talk about it later.",
    ),
}
"""Their embeddings are part of what is made smaller."""

CHECKS: dict[Language, tuple[str, ...]] = {
    "zh": (
        "火车站前面新开了一家小饭馆。",
        "小时候，我们常常在院子里听祖父讲故事。",
        "明天上午九点，大家在学校门口集合。",
        "这种茶有一点苦，不过喝完以后很舒服。",
        "医生让他每天多走路，少吃甜的东西。",
        "天黑以前，船慢慢地靠了岸。",
    ),
    "en": (
        "A small restaurant has opened near the station.",
        "As children we used to sit in the garden and listen to stories.",
        "We shall meet at the school gate at nine tomorrow.",
        "This tea is a little bitter, but it does you good.",
        "The doctor told him to walk more and eat less sugar.",
        "Before it grew dark, the boat came slowly to the shore.",
    ),
}
"""Nothing is fitted to them: a fit is taken only where it sounds more like the person in these, and is understood."""
