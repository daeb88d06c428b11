"""Fetching files from the Hugging Face hub.

The hub's client library knows the address, the token and whether the user wants to stay offline (HF_ENDPOINT,
HF_TOKEN, HF_HUB_OFFLINE). The bytes come in a plain stream, which can be taken up again where it stopped; the hub
names the hash of a large file before its first byte, so one that is not the catalog's is never downloaded.
"""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterator
from contextlib import contextmanager

import httpx

from avatar.models.catalog import HubSource, WeightFile
from avatar.models.sources import SourceError

log = logging.getLogger(__name__)

CONNECT_TIMEOUT_S = 5.0
READ_TIMEOUT_S = 30.0
ATTEMPTS = 5
"""How often in a row a stream may break without a byte having come."""


class Hub:
    """The hub. One that cannot be reached is not asked again by the same object.

    Args:
        endpoint: another hub's address; None is what HF_ENDPOINT says.
    """

    def __init__(self, endpoint: str | None = None) -> None:
        self._endpoint = endpoint
        self._down: SourceError | None = None

    def blocks(self, source: HubSource, file: WeightFile, start: int) -> Generator[bytes, None, None]:
        """The file's bytes from a position on.

        Raises:
            SourceError: the hub cannot be reached, does not have the file, or has another one of that name.
        """
        position, failures = start, 0
        while position < file.size:
            try:
                with self._answer(source, file, position) as response:
                    for block in _from(response, position):
                        position, failures = position + len(block), 0
                        yield block
                    if position < file.size:
                        raise httpx.RemoteProtocolError("the stream ended early")
            except httpx.HTTPError as error:
                failures += 1
                log.info("hub_stream_broke file=%s position=%d error=%s", file.name, position, type(error).__name__)
                if failures >= ATTEMPTS:
                    raise _broken(source, error) from error

    @contextmanager
    def _answer(self, source: HubSource, file: WeightFile, start: int) -> Iterator[httpx.Response]:
        """The hub's answer, known to be the catalog's file as far as its headers tell."""
        if self._down is not None:
            raise self._down
        url, headers = self._address(source, file)
        if start:
            headers["Range"] = f"bytes={start}-"
        timeout = httpx.Timeout(READ_TIMEOUT_S, connect=CONNECT_TIMEOUT_S)
        with httpx.Client(follow_redirects=True, timeout=timeout) as client:
            try:
                response = client.send(client.build_request("GET", url, headers=headers), stream=True)
            except httpx.HTTPError as error:
                raise self._unreachable(type(error).__name__) from error
            try:
                self._check(response, source, file)
                yield response
            finally:
                response.close()

    def _address(self, source: HubSource, file: WeightFile) -> tuple[str, dict[str, str]]:
        """A file's URL and the headers to ask with."""
        from huggingface_hub import get_token, hf_hub_url
        from huggingface_hub.constants import HF_HUB_OFFLINE

        if HF_HUB_OFFLINE:
            raise self._unreachable("HF_HUB_OFFLINE")
        member = source.member_of(file.name)
        token = get_token()
        headers = {"Accept-Encoding": "identity"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        return hf_hub_url(source.hub, member, revision=source.revision, endpoint=self._endpoint), headers

    def _check(self, response: httpx.Response, source: HubSource, file: WeightFile) -> None:
        status = response.status_code
        if status in (401, 403, 404):
            raise SourceError(
                f"The Hugging Face hub does not give out {file.name} of {source.hub} (status {status}).",
                f"Hugging Face Hub 不提供 {source.hub} 的 {file.name}(状态码 {status})。",
            )
        if status not in (200, 206):
            raise self._unreachable(f"status {status}")
        for answer in (*response.history, response):
            announced = answer.headers.get("x-linked-etag", "").strip('"')
            if announced and announced != file.sha256:
                raise SourceError(
                    f"The Hugging Face hub has another {file.name} in {source.hub} than the catalog.",
                    f"Hugging Face Hub 上 {source.hub} 的 {file.name} 与目录记载的不同。",
                )

    def _unreachable(self, reason: str) -> SourceError:
        self._down = SourceError(
            f"The Hugging Face hub cannot be reached ({reason}).", f"无法连接 Hugging Face Hub({reason})。"
        )
        return self._down


def _from(response: httpx.Response, start: int) -> Iterator[bytes]:
    """The bytes from `start` on, even where the server answers with all of them."""
    skip = start if response.status_code == httpx.codes.OK else 0
    for block in response.iter_raw():
        dropped = min(skip, len(block))
        skip -= dropped
        if dropped < len(block):
            yield block[dropped:]


def _broken(source: HubSource, error: Exception) -> SourceError:
    return SourceError(
        f"The download of {source.hub} from the Hugging Face hub broke off ({type(error).__name__}).",
        f"从 Hugging Face Hub 下载 {source.hub} 时中断({type(error).__name__})。",
    )
