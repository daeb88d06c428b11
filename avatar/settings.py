"""What can be set, where it is read from, and the folders that things are kept in.

Order of precedence: environment variables (`AVATAR_LLM__BASE_URL=…`, two underscores between the levels), then the
file named by `AVATAR_CONFIG` or `avatar.toml` in the working folder, then the defaults below. Importing this opens
nothing.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from platformdirs import user_cache_path, user_data_path
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from avatar.errors import Language, SettingsError, fault

PACKAGE_ROOT = Path(__file__).resolve().parent


class Section(BaseModel):
    """A table of the settings file; an unknown key is an error, so a misspelt one does not pass in silence."""

    model_config = ConfigDict(extra="forbid")


class HearingSettings(Section):
    vad: str = "silero"
    turn_detector: str = "smart-turn"
    recognizer: str = "faster-whisper"
    model: str = Field("whisper-base", description="a name from the catalog, or the folder of a CTranslate2 model")
    device: str = "auto"
    compute_type: str = Field(
        "auto", description="CTranslate2's: int8, float16, …; auto is int8 on a CPU, float16 on a GPU"
    )
    language: Language | None = Field(None, description="None detects Chinese or English")
    base_url: str = Field("", description="for the recognizer `openai`: the service's URL")
    api_key: str = ""


class LlmSettings(Section):
    engine: str = Field("embedded", description="embedded (llama.cpp in this process) or openai (any compatible URL)")
    model: str = Field("qwen2.5-coder-1.5b", description="a name from the catalog, a GGUF file, or a service's model")
    base_url: str = Field("", description="for the engine `openai`: the service's URL")
    api_key: str = ""
    embedder: str = "e5"
    device: str = "auto"
    context: int = Field(4096, ge=1024, le=131072, description="tokens")
    max_tokens: int = Field(160, ge=16, le=2048, description="of one answer")
    temperature: float = Field(0.6, ge=0.0, le=2.0)
    timeout_s: float = Field(120.0, gt=0, description="longest wait for the next token, in seconds")


class SpeakingSettings(Section):
    synthesizer: str = Field("kokoro", description="kokoro, xtts (recordings, a graphics card) or openai (any service)")
    device: str = "auto"
    speed: float = Field(1.0, ge=0.5, le=2.0)
    watermark: bool = Field(True, description="the inaudible mark in all synthetic speech; off is logged")
    check: bool = Field(True, description="transcribe back what is written to files; say again what lost its words")
    check_live: float = Field(0.05, ge=0, le=1, description="the share of live clauses that are transcribed back")
    base_url: str = Field("", description="for the synthesizer `openai`: the service's URL")
    model: str = Field("", description="for `openai` the service's model name; for `xtts` a folder, else the catalog's")
    api_key: str = ""
    format: Literal["pcm", "wav"] = Field(
        "pcm", description="for the synthesizer `openai`: what the service is asked for"
    )
    voices: dict[str, str] = Field({}, description="for `xtts` and `openai`: which of their voices speaks for ours")
    lexicon: dict[str, str] = Field({}, description="for `kokoro`: words and how they are read, whoever speaks")
    seed: int = Field(0, ge=0, lt=2**31, description="for `xtts`, which draws lots: the same seed, the same sound")


class FaceSettings(Section):
    animator: str = Field("warp", description="warp, or wav2lip: with the mouth of a network")
    device: str = Field("auto", description="where the network of `wav2lip` computes")
    lips: str = Field("", description="for the animator `wav2lip`: an ONNX file, its folder, or a name of the catalog")
    background: str = Field("keep", description="in conversations: keep, blur, #rrggbb or a picture's file")
    size: int = Field(512, ge=256, le=1024, multiple_of=16, description="pixels, width and height")


class LiveSettings(Section):
    filler: bool = Field(False, description="a short sound of the persona where an answer takes longer than a second")


class ServerSettings(Section):
    host: str = "127.0.0.1"
    port: int = Field(7860, ge=0, le=65535)
    max_sessions: int = Field(2, ge=1)
    max_requests: int = Field(2, ge=1, description="HTTP requests that compute at once")
    max_session_s: float = Field(7200.0, ge=0, description="the longest conversation, in seconds; 0 is no limit")
    idle_timeout_s: float = Field(900.0, ge=0, description="seconds without a word or an event; 0 is no limit")
    resume_s: float = Field(60.0, ge=0, le=600, description="how long a lost connection may be taken up again")
    api_key: str = Field("", description="asked of clients where it is set")


class Settings(BaseSettings):
    """Everything that can be set."""

    model_config = SettingsConfigDict(env_prefix="AVATAR_", env_nested_delimiter="__", extra="forbid")

    data_dir: Path = Field(default_factory=lambda: user_data_path("avatar"), description="personas, knowledge")
    models_dir: Path = Field(
        default_factory=lambda: user_cache_path("avatar") / "models", description="fetched weights"
    )
    cache_dir: Path = Field(default_factory=lambda: user_cache_path("avatar"), description="what can be made again")
    device: str = Field("auto", description="auto, cpu, cuda or cuda:N; an engine's own setting goes first")
    threads: int = Field(0, ge=0, description="0 is one for each core")
    language: Literal["auto", "zh", "en"] = Field("auto", description="of messages; auto follows the locale")
    hearing: HearingSettings = HearingSettings()
    llm: LlmSettings = LlmSettings()
    speaking: SpeakingSettings = SpeakingSettings()
    face: FaceSettings = FaceSettings()
    live: LiveSettings = LiveSettings()
    server: ServerSettings = ServerSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        file = Path(os.environ.get("AVATAR_CONFIG", "avatar.toml"))
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, toml_file=file)

    @property
    def core_budget(self) -> int:
        """Threads that one computing stage may use."""
        return self.threads or len(os.sched_getaffinity(0))

    @property
    def message_language(self) -> Language:
        """The language of messages on the command line."""
        if self.language != "auto":
            return self.language
        locale = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
        return "zh" if locale.startswith("zh") else "en"


def load_settings() -> Settings:
    """The settings from environment and file.

    Raises:
        SettingsError: a value is out of range, a key is unknown, or the file is not TOML.
    """
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        place, (en, zh) = ".".join(str(part) for part in first["loc"]), fault(first)
        raise SettingsError(
            f"Setting {place}: {en}. See docs/settings.md.",
            f"设置 {place} 有误:{zh}。见 docs/settings.md。",
        ) from error
    except (ValueError, OSError) as error:
        file = os.environ.get("AVATAR_CONFIG", "avatar.toml")
        raise SettingsError(f"{file} cannot be read: {error}.", f"无法读取设置文件 {file}:{error}。") from error
