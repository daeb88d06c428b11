"""A client's functions between the wire and the session."""

from __future__ import annotations

import json

from avatar.live.options import NO_FUNCTIONS
from avatar.server.protocol.base import MAX_TOOL_SIGNS
from avatar.server.protocol.objects import FunctionTool, NamedFunction, ToolChoice
from avatar.server.protocol.parsing import EventError
from avatar.stages import Function, Functions


def functions_of(
    tools: list[FunctionTool] | None,
    choice: ToolChoice | None,
    before: Functions = NO_FUNCTIONS,
    *,
    param: str = "session",
) -> Functions:
    """The functions that a client offers from now on.

    Args:
        tools: what it offers; None leaves that as it was.
        choice: whether the model may, need not, or must ask for one; None leaves that as it was.
        before: as it was.
        param: where the client said so, for errors.

    Raises:
        EventError: they are too long, of the same name, or the one that must be called is not among them.
    """
    known = before.known if tools is None else _known(tools, param)
    names = {function.name for function in known}
    if choice is None:
        return Functions(known, before.choice, before.only if before.only in names else "")
    if not isinstance(choice, NamedFunction):
        return Functions(known, choice)
    if choice.name not in names:
        raise EventError(
            "tool_choice names a function that is not among the tools.",
            "tool_choice 所指的函数不在 tools 里。",
            code="invalid_value",
            param=f"{param}.tool_choice",
        )
    return Functions(known, "auto", choice.name)


def tools_of(functions: Functions) -> list[FunctionTool]:
    """The functions as the session object shows them."""
    return [
        FunctionTool(name=each.name, description=each.description, parameters=dict(each.parameters or {}) or None)
        for each in functions.known
    ]


def choice_of(functions: Functions) -> ToolChoice:
    """The choice as the session object shows it."""
    return NamedFunction(name=functions.only) if functions.only else functions.choice


def _known(tools: list[FunctionTool], param: str) -> tuple[Function, ...]:
    names = [tool.name for tool in tools]
    signs = sum(len(tool.description) + len(json.dumps(tool.parameters)) for tool in tools)
    if len(set(names)) < len(names) or signs > MAX_TOOL_SIGNS:
        raise EventError(
            f"The tools have names of their own, and at most {MAX_TOOL_SIGNS} characters together.",
            f"tools 的名称不得重复,总长至多 {MAX_TOOL_SIGNS} 个字符。",
            code="invalid_value",
            param=f"{param}.tools",
        )
    return tuple(Function(tool.name, tool.description, tool.parameters) for tool in tools)
