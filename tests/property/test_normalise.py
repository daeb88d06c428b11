"""Whatever is written, the written words joined are the text, and what is said fits its script."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from avatar.errors import Language
from avatar.voice.speaking.g2p import PAUSES
from avatar.voice.speaking.normalise import words

SIGNS = st.text(alphabet="0123456789.,:/-%$¥°Cakm 年月个第IVX+=@\n我", max_size=40)
LANGUAGES: st.SearchStrategy[Language] = st.sampled_from(["zh", "en"])


@settings(deadline=None)
@given(st.one_of(SIGNS, st.text(max_size=60)), LANGUAGES)
def test_nothing_is_lost_and_scripts_are_kept(text: str, language: Language) -> None:
    pieces = words(text, language)
    assert "".join(piece.written for piece in pieces) == text
    for piece in pieces:
        if piece.script == "zh":
            assert not re.search(r"[0-9A-Za-z\s]", piece.spoken)
        elif piece.script == "en":
            assert not re.search(r"[0-9\u4e00-\u9fff]", piece.spoken)
        else:
            assert piece.spoken == "" or piece.spoken in PAUSES
