"""The hub over real HTTP: a small server on the loopback that can be told to misbehave."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from avatar.models.catalog import HubSource, WeightFile
from avatar.models.hub import Hub
from avatar.models.sources import SourceError

DATA = bytes(range(256)) * 8000
FILE = WeightFile(name="model.bin", size=len(DATA), sha256=hashlib.sha256(DATA).hexdigest())
SOURCE = HubSource(hub="owner/repo", revision="abc", member="onnx/{file}")


class FakeHub(ThreadingHTTPServer):
    """A hub with one file.

    Attributes:
        asked: path and Range header of each request.
        etag: the hash that it announces; empty for none.
        status: what it answers instead of the file, where that is not 200.
        cut: after how many bytes each answer breaks off; 0 for never.
        ranges: whether it honours Range.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[tuple[str, str]] = []
        self.etag = FILE.sha256
        self.status = 200
        self.cut = 0
        self.ranges = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: FakeHub

    def do_GET(self) -> None:
        fake = self.server
        asked = self.headers.get("Range", "")
        fake.asked.append((self.path, asked))
        if fake.status != 200:
            self.send_error(fake.status)
        elif self.path.startswith("/owner"):
            self.send_response(302)
            self.send_header("X-Linked-ETag", f'"{fake.etag}"')
            self.send_header("Location", "/storage/blob")
            self.send_header("Content-Length", "0")
            self.end_headers()
        else:
            start = int(asked.removeprefix("bytes=").rstrip("-") or 0) if fake.ranges else 0
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(DATA) - start))
            self.end_headers()
            self.wfile.write(DATA[start : start + fake.cut] if fake.cut else DATA[start:])

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the name is the base class's)
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[FakeHub]:
    fake = FakeHub()
    thread = threading.Thread(target=fake.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield fake
    fake.shutdown()
    thread.join()
    fake.server_close()


def test_a_file_comes_from_the_pinned_revision(server: FakeHub) -> None:
    assert b"".join(Hub(server.url).blocks(SOURCE, FILE, 0)) == DATA
    assert [path for path, _ in server.asked] == ["/owner/repo/resolve/abc/onnx/model.bin", "/storage/blob"]


def test_a_download_goes_on_where_it_stopped(server: FakeHub) -> None:
    assert b"".join(Hub(server.url).blocks(SOURCE, FILE, 1_000_000)) == DATA[1_000_000:]
    assert {asked for _, asked in server.asked} == {"bytes=1000000-"}


def test_a_server_that_ignores_ranges_costs_time_only(server: FakeHub) -> None:
    server.ranges = False
    assert b"".join(Hub(server.url).blocks(SOURCE, FILE, 1_999_999)) == DATA[1_999_999:]


def test_a_stream_that_breaks_is_taken_up_again(server: FakeHub) -> None:
    server.cut = 700_000
    assert b"".join(Hub(server.url).blocks(SOURCE, FILE, 0)) == DATA
    starts = [asked for path, asked in server.asked if path == "/storage/blob"]
    assert starts[0] == ""
    assert len(starts) == 3


def test_a_stream_that_gives_nothing_is_given_up(server: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("avatar.models.hub.ATTEMPTS", 2)

    class Silent(Iterator[bytes]):
        def __next__(self) -> bytes:
            raise httpx.ReadTimeout("nothing came")

    monkeypatch.setattr("avatar.models.hub._from", lambda response, start: Silent())
    with pytest.raises(SourceError, match=r"broke off \(ReadTimeout\)"):
        b"".join(Hub(server.url).blocks(SOURCE, FILE, 0))


def test_another_file_of_that_name_is_not_downloaded(server: FakeHub) -> None:
    server.etag = "0" * 64
    with pytest.raises(SourceError, match=r"another model\.bin") as caught:
        b"".join(Hub(server.url).blocks(SOURCE, FILE, 0))
    assert "model.bin" in caught.value.zh


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_file_that_is_not_given_out_leaves_the_hub_in_use(status: int, server: FakeHub) -> None:
    server.status = status
    hub = Hub(server.url)
    with pytest.raises(SourceError, match=f"status {status}"):
        b"".join(hub.blocks(SOURCE, FILE, 0))
    server.status = 200
    assert b"".join(hub.blocks(SOURCE, FILE, 0)) == DATA


def test_a_hub_that_fails_is_asked_once(server: FakeHub) -> None:
    server.status = 503
    hub = Hub(server.url)
    for _ in range(3):
        with pytest.raises(SourceError, match=r"cannot be reached \(status 503\)"):
            b"".join(hub.blocks(SOURCE, FILE, 0))
    assert len(server.asked) == 1


def test_a_hub_that_is_not_there_is_said_to_be_out_of_reach() -> None:
    with pytest.raises(SourceError, match="cannot be reached") as caught:
        b"".join(Hub("http://127.0.0.1:9").blocks(SOURCE, FILE, 0))
    assert "无法连接" in caught.value.zh


def test_offline_means_offline(server: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(SourceError, match="HF_HUB_OFFLINE"):
        b"".join(Hub(server.url).blocks(SOURCE, FILE, 0))
    assert server.asked == []
