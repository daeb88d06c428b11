"""What clones say when they are measured: ten sentences of each language that no part of the fitting knows."""

from __future__ import annotations

from avatar.errors import Language

SENTENCES: dict[Language, tuple[str, ...]] = {
    "zh": (
        "邮局下午五点半关门，你最好早点去。",
        "山上的雪还没有化，路很不好走。",
        "他把钥匙放在桌子上，转身就出去了。",
        "我们已经等了半个小时，车还没有来。",
        "这本书的作者是一位年轻的老师。",
        "晚饭以后，孩子们在门前放风筝。",
        "超市里的苹果今天卖得特别便宜。",
        "她从小就喜欢画画，也喜欢唱歌。",
        "听说你要搬家了，需要我帮忙吗？",
        "窗外下着小雨，街上几乎没有人。",
    ),
    "en": (
        "The post office closes at half past five, so go early.",
        "There is still snow on the hills and the road is bad.",
        "He put the key on the table and went out.",
        "We have been waiting for half an hour, and no bus has come.",
        "The author of this book is a young teacher.",
        "After supper the children flew a kite behind the house.",
        "Apples are very cheap in the market today.",
        "She has loved to draw and to sing since she was small.",
        "I heard that you are moving; do you need any help?",
        "A light rain is falling, and the street is almost empty.",
    ),
}
