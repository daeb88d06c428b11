"""One module for each benchmark, with `run(settings, …) -> dict[str, float]`; `avatar bench NAME` runs it."""
