"""The player's parts that need no server: run in Chromium, one at a time."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Browser

from avatar.face.encode import H264Encoder
from tests.browser.scripted import ScriptedServer, puppet

pytestmark = pytest.mark.browser

Run = Callable[..., Any]


@pytest.fixture(scope="module")
def run(chromium: Browser, server: ScriptedServer) -> Iterator[Run]:
    """Runs the body of a function with a module's exports as `m`: `run("clock", "return …", argument)`."""
    page = chromium.new_page()
    page.goto(f"{server.address}/healthz")

    def evaluate(module: str, body: str, argument: Any = None) -> Any:
        load = f'const m = await import("/static/avatar/{module}.js");'
        return page.evaluate(f"async (given) => {{ {load} {body} }}", argument)

    yield evaluate
    page.close()


def test_a_packet_is_read_as_the_protocol_says(run: Run) -> None:
    sent = struct.pack("<BBHIQ", 3, 5, 65535, 4_000_000_000, 3_600_000_000) + b"abc"
    body = """
        const p = m.readPacket(new Uint8Array(given).buffer);
        return {...p, payload: [...p.payload]};
    """
    assert run("packet", body, list(sent)) == {
        "kind": 3,
        "key": True,
        "end": False,
        "waiting": True,
        "generation": 65535,
        "sequence": 4_000_000_000,
        "pts": 3_600_000_000,
        "payload": list(b"abc"),
    }


def test_a_packet_is_written_as_the_protocol_says(run: Run) -> None:
    body = "return [...new Uint8Array(m.writePacket({kind: 1, pts: 20000}, new Uint8Array([7, 8])))];"
    assert bytes(run("packet", body)) == struct.pack("<BBHIQ", 1, 0, 0, 0, 20_000) + b"\x07\x08"


def test_what_is_too_short_is_no_packet(run: Run) -> None:
    assert run("packet", "return m.readPacket(new ArrayBuffer(15));") is None


@pytest.mark.parametrize(
    ("a", "b", "newer"), [(1, 0, True), (0, 1, False), (5, 5, False), (0, 65535, True), (65535, 0, False)]
)
def test_generations_wrap(run: Run, a: int, b: int, newer: bool) -> None:
    assert run("packet", "return m.isNewer(...given);", [a, b]) is newer


def test_the_codec_is_read_from_the_stream(run: Run) -> None:
    encoder = H264Encoder(256)
    unit = encoder.encode(puppet(256, 0, 0.0), key=True).data
    assert run("h264", "return m.codecString(new Uint8Array(given));", list(unit)) == encoder.codec_string
    following = encoder.encode(puppet(256, 1, 0.0)).data
    assert run("h264", "return m.codecString(new Uint8Array(given));", list(following)) is None


@pytest.mark.parametrize("damaged", [[], [0, 0, 1], [0, 0, 1, 0x67], [0, 0, 1, 0x67, 66], [255] * 64])
def test_a_damaged_unit_has_no_codec(run: Run, damaged: list[int]) -> None:
    assert run("h264", "return m.codecString(new Uint8Array(given));", damaged) is None


def test_the_clock_runs_on_wall_time(run: Run) -> None:
    body = """
        const c = new m.Clock();
        const before = c.position(5);
        c.start(-40000, 1000);
        return [before === -Infinity, c.position(1000), c.position(1500)];
    """
    assert run("clock", body) == [True, -40_000, 460_000]


def test_the_clock_is_steered_gently_and_never_runs_back(run: Run) -> None:
    body = """
        const c = new m.Clock();
        c.start(0, 0);
        const seen = [];
        for (let t = 0; t <= 2000; t += 20) {
            c.steer(t * 1000 - 50000, t);
            seen.push(c.position(t));
        }
        return seen;
    """
    seen = run("clock", body)
    assert seen == sorted(seen)
    assert seen[-1] == pytest.approx(2_000_000 - 50_000, abs=1000)


def test_rare_measurements_steer_as_much_as_many(run: Run) -> None:
    body = """
        return [16.6667, 100].map((step) => {
            const c = new m.Clock();
            c.start(0, 0);
            for (let t = step; t < 301; t += step) c.steer(t * 1000 + 40000, t);
            return c.position(300) - 300000;
        });
    """
    many, few = run("clock", body)
    assert many == pytest.approx(few, abs=100)
    assert 30_000 < few < 40_000


def test_the_clock_jumps_a_large_error(run: Run) -> None:
    body = "const c = new m.Clock(); c.start(0, 0); c.position(1000); c.steer(200000, 1000); return c.position(1000);"
    assert run("clock", body) == 200_000


def test_the_clock_waits_where_the_sound_ran_dry(run: Run) -> None:
    body = """
        const c = new m.Clock();
        c.start(0, 0);
        c.limit(300000);
        const dry = c.position(900);
        c.limit(Infinity);
        c.steer(300000, 1000);
        return [dry, c.position(1000), c.position(1100)];
    """
    assert run("clock", body) == [300_000, 300_000, 400_000]


def test_the_clock_stands_still_while_it_is_held(run: Run) -> None:
    body = """
        const c = new m.Clock();
        c.start(0, 0);
        c.hold(300);
        c.steer(900000, 700);
        const held = c.position(800);
        c.resume(1000);
        return [held, c.position(1000), c.position(1100)];
    """
    assert run("clock", body) == [300_000, 300_000, 400_000]


def test_a_clock_that_has_not_begun_can_be_held(run: Run) -> None:
    body = "const c = new m.Clock(); c.hold(5); c.resume(9); c.start(0, 10); return c.position(30);"
    assert run("clock", body) == 20_000


WORKLET = """
    async (given) => {
        let Output, last;
        Object.assign(globalThis, {
            sampleRate: 24000,
            currentTime: 0,
            AudioWorkletProcessor: class { port = { postMessage: (report) => { last = report; } }; },
            registerProcessor: (name, processor) => { Output = processor; },
        });
        await import(`/static/avatar/audio-worklet.js?${Math.random()}`);
        const output = new Output();
        const sound = [], states = [];
        const send = (message) => output.port.onmessage({ data: message });
        for (const step of given) {
            if (typeof step !== "number") {
                const pcm = step.pcm && Int16Array.from(step.pcm).buffer;
                send({ ...step, pcm });
                continue;
            }
            for (let i = 0; i < step; i += 1) {
                const block = new Float32Array(128);
                output.process([], [[block]]);
                globalThis.currentTime += 128 / 24000;
                sound.push(...block);
            }
            output.report();
            states.push(last);
        }
        return { sound, states };
    }
"""
"""Plays messages to the worklet, and between them blocks of 128 samples; what came out, and a report after each run."""


def worklet(run: Run, *steps: Any) -> tuple[NDArray[np.float64], list[dict[str, Any]]]:
    """What the worklet plays: float [n] in -1..1, and its reports."""
    played = run("packet", f"return ({WORKLET})(given);", list(steps))
    return np.array(played["sound"]), played["states"]


def begin(length: int) -> list[dict[str, Any]]:
    """A reply of `length` samples that climb from 1 on, so that each is known by its value."""
    return [
        {"type": "begin", "generation": 1},
        {"type": "sound", "generation": 1, "pcm": list(range(1, length + 1)), "end": True},
        {"type": "play"},
    ]


def test_held_sound_fades_out_within_20_ms_and_goes_on_without_losing_a_sample(run: Run) -> None:
    sound, reports = worklet(run, *begin(4000), 10, {"type": "hold"}, 30, {"type": "resume"}, 25)
    values = sound * 32768
    assert np.array_equal(values[:1280].round(), np.arange(1, 1281))
    fade = values[1280 : 1280 + 480]
    assert np.all(np.abs(np.diff(fade)) < 12)
    assert not values[1280 + 480 : 40 * 128].any()
    resumed = values[40 * 128 :]
    assert np.array_equal(resumed[120 : 4000 - 1280].round(), np.arange(1281 + 120, 4001))
    assert np.all(np.abs(resumed[:120]) <= np.arange(1281, 1401))
    assert [report["state"] for report in reports] == ["playing", "held", "ended"]
    assert [report["played"] for report in reports] == [1280, 1280, 4000]


def test_time_that_was_held_is_no_part_of_the_reply(run: Run) -> None:
    _, reports = worklet(run, *begin(9000), 10, {"type": "hold"}, 30, {"type": "resume"}, 5)
    now = 45 * 128 / 24_000
    assert (now - reports[-1]["anchor"]) * 24_000 == pytest.approx(reports[-1]["played"], abs=1)


def test_held_sound_that_is_dropped_stays_silent(run: Run) -> None:
    sound, reports = worklet(run, *begin(9000), 10, {"type": "hold"}, 10, {"type": "drop"}, {"type": "resume"}, 20)
    assert not sound[20 * 128 :].any()
    assert reports[-1]["state"] == "dropped"


def test_a_new_reply_is_not_held(run: Run) -> None:
    sound, reports = worklet(run, *begin(9000), 10, {"type": "hold"}, 10, *begin(1000), 8)
    assert np.array_equal((sound[20 * 128 : 20 * 128 + 1000] * 32768).round(), np.arange(1, 1001))
    assert reports[-1]["state"] == "ended"


def test_the_newest_due_picture_is_taken_and_each_is_let_go_once(run: Run) -> None:
    body = """
        const gone = [];
        const j = new m.Jitter((picture) => gone.push(picture.pts));
        [0, 40, 80, 120].forEach((pts) => j.push({pts}));
        const early = j.take(-1);
        const taken = j.take(95).pts;
        const none = j.take(100);
        j.clear();
        return {early, taken, none, gone, dropped: j.dropped, left: j.length};
    """
    found = run("jitter", body)
    assert found == {"early": None, "taken": 80, "none": None, "gone": [0, 40, 120], "dropped": 2, "left": 0}


def test_a_picture_that_comes_too_late_is_let_go(run: Run) -> None:
    body = """
        const gone = [];
        const j = new m.Jitter((picture) => gone.push(picture.pts));
        [0, 40, 80].forEach((pts) => j.push({pts}));
        const late = j.take(130, 40);
        j.push({pts: 120});
        return {late, taken: j.take(160, 40).pts, gone, dropped: j.dropped};
    """
    assert run("jitter", body) == {"late": None, "taken": 120, "gone": [0, 40, 80], "dropped": 3}


@pytest.mark.parametrize(
    ("state", "driver"),
    [
        ({"sound": 100_000, "ended": False, "pictures": 1, "waited": 50, "quiet": False}, None),
        ({"sound": 160_000, "ended": False, "pictures": 1, "waited": 50, "quiet": False}, "sound"),
        ({"sound": 160_000, "ended": False, "pictures": 0, "waited": 50, "quiet": False}, None),
        ({"sound": 160_000, "ended": False, "pictures": 0, "waited": 1000, "quiet": False}, "sound"),
        ({"sound": 100_000, "ended": True, "pictures": 1, "waited": 0, "quiet": False}, "sound"),
        ({"sound": 0, "ended": False, "pictures": 3, "waited": 50, "quiet": False}, None),
        ({"sound": 0, "ended": False, "pictures": 3, "waited": 1500, "quiet": False}, "wall"),
        ({"sound": 0, "ended": True, "pictures": 3, "waited": 50, "quiet": False}, "wall"),
        ({"sound": 0, "ended": False, "pictures": 1, "waited": 0, "quiet": True}, "wall"),
        ({"sound": 0, "ended": False, "pictures": 0, "waited": 0, "quiet": True}, None),
    ],
)
def test_when_a_reply_may_begin(run: Run, state: dict[str, Any], driver: str | None) -> None:
    assert run("jitter", "return m.mayBegin(given);", state) == driver


RESAMPLE = """
    const r = new m.Resampler(given.from, 24000);
    const turn = 2 * Math.PI * given.pitch / given.from;
    const input = Float32Array.from({length: given.from}, (_, i) => Math.sin(turn * i));
    const out = [];
    for (let at = 0; at < input.length; at += 128) out.push(...r.push(input.subarray(at, at + 128)));
    return out;
"""


@pytest.mark.parametrize("rate", [16_000, 24_000, 44_100, 48_000])
def test_a_tone_keeps_its_pitch_and_level_at_any_rate(run: Run, rate: int) -> None:
    sound = np.array(run("resample", RESAMPLE, {"from": rate, "pitch": 1000}))
    assert abs(sound.size - 24_000) < 100
    middle = sound[4000:16_000]
    assert np.sqrt((middle**2).mean()) == pytest.approx(np.sqrt(0.5), rel=0.01)
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(middle.size)))
    assert np.argmax(spectrum) * 24_000 / middle.size == pytest.approx(1000, abs=3)
    tone = np.sort(spectrum)[-5:]
    assert (spectrum**2).sum() - (tone**2).sum() < 1e-4 * (tone**2).sum()


def test_what_24_khz_cannot_hold_is_left_out(run: Run) -> None:
    sound = np.array(run("resample", RESAMPLE, {"from": 48_000, "pitch": 15_000}))
    assert np.sqrt((sound[4000:20_000] ** 2).mean()) < 0.003


def test_words_are_heard_as_their_sound_is(run: Run) -> None:
    body = """
        const c = new m.Captions();
        c.push("甲乙", 0); c.received(400000);
        c.push("丙丁", 400000); c.received(800000);
        return {text: c.text, heard: [0, 100000, 200000, 400000, 600000, 900000].map((at) => c.heard(at))};
    """
    assert run("captions", body) == {"text": "甲乙丙丁", "heard": [0, 1, 1, 2, 3, 4]}


def test_words_without_sound_yet_are_not_heard(run: Run) -> None:
    body = 'const c = new m.Captions(); c.push("甲", 0); c.push("乙", 0); return [c.heard(0), c.heard(1)];'
    assert run("captions", body) == [0, 2]


def test_both_languages_have_every_sentence(run: Run) -> None:
    body = "return [m.keys('zh'), m.keys('en'), m.keys('zh').map((k) => [m.places('zh', k), m.places('en', k)])];"
    chinese, english, places = run("i18n", body)
    assert chinese == english
    assert [sorted(zh) for zh, _ in places] == [sorted(en) for _, en in places]


def test_a_picture_takes_the_place_of_those_from_its_time_on(run: Run) -> None:
    body = """
        const gone = [];
        const j = new m.Jitter((picture) => gone.push(picture.pts));
        [0, 40, 80, 120, 80].forEach((pts) => j.push({pts}));
        const left = j.length;
        return {left, taken: j.take(200).pts, gone, dropped: j.dropped};
    """
    assert run("jitter", body) == {"left": 3, "taken": 80, "gone": [120, 80, 0, 40], "dropped": 2}
