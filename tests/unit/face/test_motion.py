"""The face's motion: lips on time, no jumps, life when idle, and rest where it is asked for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from avatar.face.gaze import Gaze
from avatar.face.head import LIMITS
from avatar.face.motion import LEAD, MAX_STEP, Motion
from avatar.face.params import INDEX, MOUTH, NAMES, FaceParams
from avatar.media import FPS, SAMPLES_PER_FRAME, SPEECH_RATE, PhoneSpan, Samples
from avatar.stages import Presence

PRESENCES: tuple[Presence, ...] = ("idle", "listening", "thinking", "speaking")
Track = NDArray[np.float32]


def clause(phones: str, ms: float = 85.0, pause_ms: float = 300.0) -> tuple[list[PhoneSpan], int]:
    """Spans of equal length for phones parted by blanks, and how many samples they last."""
    spans: list[PhoneSpan] = []
    time = 0
    for phone in phones.split():
        length = int((pause_ms if phone == "sil" else ms) * SPEECH_RATE / 1000)
        spans.append(PhoneSpan(phone, time, time + length))
        time += length
    return spans, time


def hum(length: int, hz: float = 150.0) -> Samples:
    """A voiced sound of even loudness."""
    time = np.arange(length, dtype=np.float32) / SPEECH_RATE
    return np.asarray(0.2 * np.sign(np.sin(2 * np.pi * hz * time)), dtype=np.float32)


def spoken(phones: str, ms: float = 85.0, *, seed: int = 0, extra: int = 0) -> tuple[Track, list[PhoneSpan]]:
    """float32 [frames, len(NAMES)] of a still face that says the phones."""
    spans, length = clause(phones, ms)
    motion = Motion(seed, liveliness=0.0)
    motion.begin()
    motion.hear(hum(length), spans, 0)
    return steps(motion, -(-length // SAMPLES_PER_FRAME) + extra), spans


def steps(motion: Motion, count: int) -> Track:
    return np.stack([motion.step().vector() for _ in range(count)])


def column(track: Track, name: str) -> NDArray[np.float32]:
    return track[:, INDEX[name]]


def aperture(track: Track) -> NDArray[np.float32]:
    """What an average face would open, in widths of its mouth."""
    opening = 0.6 * column(track, "jaw") + 0.1 * column(track, "upper") + 0.1 * column(track, "lower")
    return np.asarray(opening * (1 - column(track, "close")), dtype=np.float32)


def frame_of(time: float) -> int:
    """The frame whose moment is nearest to a sample."""
    return max(0, round((time - LEAD) / SAMPLES_PER_FRAME))


@pytest.mark.parametrize("vowel", ["a", "i", "u", "o", "ə", "ai̯"])
@pytest.mark.parametrize("stop", ["p", "b", "m", "pʰ"])
@pytest.mark.parametrize("ms", [60.0, 85.0, 120.0])
def test_bilabials_close_for_two_frames(stop: str, vowel: str, ms: float) -> None:
    track, spans = spoken(f"sil {vowel} {stop} {vowel} sil", ms)
    centre = (spans[2].start + spans[2].end) / 2 if stop == "m" else spans[2].start
    opened = aperture(track)
    assert opened[frame_of(centre)] <= 0.02
    near = opened[frame_of(centre) - 2 : frame_of(centre) + 3]
    assert (near <= 0.02).sum() >= 2


def test_the_lips_part_when_a_plosive_bursts_and_a_nasal_keeps_them_closed() -> None:
    late: dict[str, float] = {}
    for sound in ("p", "m"):
        track, spans = spoken(f"sil a {sound} a sil", 160)
        late[sound] = float(aperture(track)[frame_of(spans[2].start + 0.55 * (spans[2].end - spans[2].start))])
    assert late["p"] > 0.03
    assert late["m"] <= 0.005


def test_the_lips_of_a_plosive_are_closed_while_the_sound_is_gone_before_its_burst() -> None:
    track, spans = spoken("sil a p a sil", 160)
    silent = aperture(track)[frame_of(spans[2].start - 0.02 * SPEECH_RATE) : frame_of(spans[2].start + 960) + 1]
    assert silent.max() <= 0.02


def test_the_vowel_between_two_closures_opens() -> None:
    track, spans = spoken("sil p a p a sil", 100)
    assert aperture(track)[frame_of(spans[1].start) : frame_of(spans[3].start)].max() > 0.12


def test_labiodentals_tuck_the_lip() -> None:
    track, spans = spoken("sil a f a sil")
    at = frame_of((spans[2].start + spans[2].end) / 2)
    assert column(track, "tuck")[at] > 0.5
    assert aperture(track)[at] < 0.06


def test_rounding_begins_before_the_vowel() -> None:
    track, spans = spoken("sil s u sil")
    assert column(track, "pucker")[frame_of(spans[1].start + 0.8 * (spans[1].end - spans[1].start))] > 0.25
    assert column(track, "pucker")[frame_of((spans[2].start + spans[2].end) / 2)] > 0.6


def test_a_diphthong_moves_from_open_to_spread() -> None:
    track, spans = spoken("sil t ai̯ sil", 200)
    start, end = spans[2].start, spans[2].end
    early, late = frame_of(start + 0.3 * (end - start)), frame_of(start + 0.85 * (end - start))
    assert column(track, "jaw")[early] > column(track, "jaw")[late] + 0.1
    assert column(track, "wide")[late] > column(track, "wide")[early] + 0.2


def test_silence_closes_and_the_end_rests_exactly() -> None:
    track, spans = spoken("sil a m a sil", extra=12)
    pause = frame_of((spans[-1].start + spans[-1].end) / 2)
    assert aperture(track)[pause] < 0.02
    assert (track[-1, : len(MOUTH)] == 0).all()


def test_the_mouth_opens_with_the_sound_not_after_it() -> None:
    track, spans = spoken("sil a sil", 200)
    opened = aperture(track)
    half = int(np.argmax(opened > opened.max() / 2))
    onset = spans[1].start / SAMPLES_PER_FRAME
    assert -2.0 <= half - onset <= 0.5


def test_loud_speech_opens_further_than_soft() -> None:
    spans, length = clause("a a a a a a", 160)
    loudness = np.where(np.arange(length) < length // 2, 1.0, 0.06).astype(np.float32)
    motion = Motion(0, liveliness=0.0)
    motion.begin()
    motion.hear(hum(length) * loudness, spans, 0)
    jaw = column(steps(motion, length // SAMPLES_PER_FRAME), "jaw")
    assert jaw[8] > 1.15 * jaw[18] > 0.2


def test_pieces_give_the_same_lips_as_the_whole() -> None:
    spans, length = clause("sil n i x au̯ sil w o ʂ ɨ l u sil p a m f a sil")
    sound = hum(length)
    whole = Motion(3)
    whole.begin()
    whole.hear(sound, spans, 0)
    pieces = Motion(3)
    pieces.begin()
    told = 0
    cuts = [spans[:5], spans[5:9], spans[9:13], spans[13:]]
    rows: list[tuple[FaceParams, FaceParams]] = []
    for frame in range(length // SAMPLES_PER_FRAME + 10):
        ahead = (frame + 6) * SAMPLES_PER_FRAME
        while cuts and cuts[0][0].start <= ahead:
            part = cuts.pop(0)
            base = part[0].start
            pieces.hear(np.zeros(0, np.float32), [_moved(span, -base) for span in part], base)
        pieces.hear(sound[told:ahead], [], told)
        told = ahead
        rows.append((whole.step(), pieces.step()))
    assert all(one == other for one, other in rows)


def _moved(span: PhoneSpan, by: int) -> PhoneSpan:
    return PhoneSpan(span.phone, span.start + by, span.end + by)


@pytest.mark.parametrize("after", [3, 9, 14])
def test_a_broken_off_reply_comes_to_rest_smoothly_and_exactly(after: int) -> None:
    spans, length = clause("a o p a u f a i a")
    motion = Motion(5, liveliness=0.0)
    motion.begin()
    motion.hear(hum(length), spans, 0)
    steps(motion, after)
    motion.stop()
    motion.hear(hum(length), spans, 0)
    track = steps(motion, 12)
    assert (track[-1] == 0).all()
    assert np.abs(track[:, : len(MOUTH)]).max(axis=1).argmax() == 0


def test_a_new_reply_starts_at_its_own_first_sample() -> None:
    motion = Motion(5, liveliness=0.0)
    for _ in range(2):
        spans, length = clause("a a a", 100)
        motion.begin()
        motion.hear(hum(length), spans, 0)
        track = steps(motion, 7)
        assert aperture(track)[4] > 0.2
        motion.stop()
        steps(motion, 15)


@pytest.mark.parametrize("phones", [[], [PhoneSpan("sil", 0, 100)]])
def test_sound_without_phones_moves_the_lips(phones: Sequence[PhoneSpan]) -> None:
    speech, pause = vowel(800.0, 1250.0, 24000), np.zeros(12000, np.float32)
    motion = Motion(2, liveliness=0.0)
    motion.begin()
    motion.hear(np.concatenate([speech, pause, speech]), phones, 0)
    opened = aperture(steps(motion, 62))
    assert opened[10:23].min() > 0.04
    assert opened[30:35].max() < 0.02  # the lips part two frames before the voice
    assert opened[45:60].min() > 0.04


def vowel(first: float, second: float, length: int = 14400) -> Samples:
    """Harmonics of 120 Hz through three resonances: the sound of a vowel with these formants."""
    time = np.arange(length) / SPEECH_RATE
    sound = np.zeros(length)
    for hz in range(120, 5000, 120):
        gain = 1.0 / hz
        for formant, width in ((first, 90.0), (second, 110.0), (2900.0, 200.0)):
            gain /= abs(1.0 - (hz / formant) ** 2 + 1j * hz * width / formant**2)
        sound += gain * np.sin(2 * np.pi * hz * time)
    return np.asarray(0.3 * sound / np.abs(sound).max(), dtype=np.float32)


def test_sound_alone_tells_a_from_i_from_u() -> None:
    shapes: dict[str, FaceParams] = {}
    for name, formants in {"a": (800.0, 1250.0), "i": (290.0, 2300.0), "u": (310.0, 720.0)}.items():
        motion = Motion(0, liveliness=0.0)
        motion.begin()
        motion.hear(vowel(*formants), [], 0)
        shapes[name] = [motion.step() for _ in range(10)][-1]
    assert shapes["a"].jaw > 1.3 * max(shapes["i"].jaw, shapes["u"].jaw)
    assert shapes["i"].wide > 1.5 * max(shapes["a"].wide, shapes["u"].wide)
    assert shapes["u"].pucker > 1.5 * max(shapes["a"].pucker, shapes["i"].pucker)


def test_sound_that_is_not_a_number_is_silence() -> None:
    motion = Motion(0, liveliness=0.0)
    motion.begin()
    motion.hear(np.full(4000, np.nan, np.float32), [], 0)
    assert (steps(motion, 6) == 0).all()


def test_a_seed_repeats_a_life_and_another_leads_another() -> None:
    one, same, other = (steps(Motion(seed), 500) for seed in (7, 7, 8))
    assert (one == same).all()
    assert np.abs(one - other).max() > 0.05


@pytest.mark.parametrize("presence", PRESENCES)
def test_every_presence_blinks_moves_and_stays_in_range(presence: Presence) -> None:
    motion = Motion(11)
    motion.attend(presence)
    track = steps(motion, 60 * FPS)
    shut = column(track, "blink_left") >= 0.99
    blinks = int((np.diff(shut.astype(int)) == 1).sum())
    assert 8 <= blinks <= 35
    for place, name in enumerate(("yaw", "pitch", "roll")):
        angle = column(track, name)
        assert np.abs(angle).max() <= LIMITS[place] + 1e-6
        assert angle.std() > 0.003
    assert (np.abs(np.diff(track, axis=0)) <= MAX_STEP + 1e-6).all()
    assert 10 <= _breaths(column(track, "breath")) <= 20


def _breaths(breath: NDArray[np.float32]) -> int:
    return int(((breath[1:-1] > breath[:-2]) & (breath[1:-1] >= breath[2:])).sum())


def test_a_lid_falls_faster_than_it_rises_and_opens_again_fully() -> None:
    lids = column(steps(Motion(4), 30 * FPS), "blink_left")
    top = int(np.argmax(lids >= 0.99))
    open_before = top - int(np.argmax(lids[top::-1] < 0.1))
    open_after = top + int(np.argmax(lids[top:] < 0.1))
    assert 2 <= top - open_before <= 3
    assert open_after - top > top - open_before


def test_the_listener_looks_at_the_viewer_more_than_the_thinker() -> None:
    shares: dict[Presence, float] = {}
    for presence in PRESENCES:
        gaze = Gaze(np.random.default_rng(3))
        looks = [gaze.step(presence) for _ in range(60 * FPS)]
        shares[presence] = float(np.mean([max(abs(x), abs(y)) < 0.06 for x, y in looks]))
    assert shares["listening"] > shares["idle"] > shares["thinking"]
    assert shares["listening"] > 0.8
    assert 0.55 < shares["speaking"] < 0.9
    assert shares["thinking"] < 0.5


def test_the_eyes_stay_on_the_viewer_while_the_head_sways() -> None:
    track = steps(Motion(9), 60 * FPS)
    yaw, gaze = column(track, "yaw"), column(track, "gaze_x")
    fixed = np.abs(gaze) < 0.1
    assert np.corrcoef(yaw[fixed], gaze[fixed])[0, 1] < -0.4


def test_sentence_ends_bring_a_nod() -> None:
    spans, length = clause("sil t a n a sil", 120, 400)
    dips: list[float] = []
    for seed in range(12):
        with_end, without = Motion(seed), Motion(seed)
        for motion in (with_end, without):
            motion.attend("speaking")
            motion.begin()
        with_end.hear(np.zeros(length, np.float32), spans, 0)
        after = frame_of(spans[-1].start)
        difference = column(steps(with_end, after + 10), "pitch") - column(steps(without, after + 10), "pitch")
        dips.append(float(difference[after:].min()))
    assert np.median(dips) < -0.012


def test_without_liveliness_nothing_but_the_mouth_moves() -> None:
    track, _ = spoken("sil a p a sil")
    assert (track[:, len(MOUTH) :] == 0).all()
    assert track.shape[1] == len(NAMES)


def test_the_sway_never_repeats() -> None:
    yaw = column(steps(Motion(1), 3000), "yaw").astype(np.float64)
    yaw -= yaw.mean()
    spectrum = np.abs(np.fft.rfft(yaw, 2 * yaw.size)) ** 2
    correlation = np.fft.irfft(spectrum)[: yaw.size // 2]
    assert (correlation[250:] / correlation[0]).max() < 0.6


def test_a_face_that_stood_still_goes_on_where_it_stopped() -> None:
    spans, length = clause("sil a t i m a p o n a sil", 120, 100)
    at = 12 * SAMPLES_PER_FRAME
    whole, again = Motion(3, liveliness=0.0), Motion(3, liveliness=0.0)
    for motion in (whole, again):
        motion.begin()
        motion.hear(hum(length), spans, 0)
    expected = steps(whole, length // SAMPLES_PER_FRAME)
    before = steps(again, 18)
    again.stop()
    rest = steps(again, 15)
    again.begin(at)
    again.hear(np.zeros(0, np.float32), spans, 0)
    again.hear(hum(length)[at:], (), at)
    after = steps(again, length // SAMPLES_PER_FRAME - 12)
    assert (before == expected[:18]).all()
    assert aperture(rest)[-1] < 0.01
    assert np.abs(after[6:, : len(MOUTH)] - expected[18:, : len(MOUTH)]).max() < 0.1
    track = np.concatenate([before, rest, after])
    assert (np.abs(np.diff(track, axis=0)) <= MAX_STEP + 1e-6).all()
