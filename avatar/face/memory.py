"""Reading and writing of arrays inside of compiled kernels so that the compiler may put eight elements side by side.

A loop that reads at computed places and writes elsewhere is compiled one element at a time, because nothing tells the
compiler that what is written is not what is read next. These functions tell it (LLVM's scoped alias metadata). They
check no bounds: the caller keeps every index within the array.
"""

from __future__ import annotations

from typing import Any

from numba.core import types
from numba.extending import intrinsic


def _fetch(typing: Any, array: Any, index: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        value = builder.load(_address(context, builder, signature, arguments))
        value.set_metadata("alias.scope", _scope(builder.module))
        return value

    return array.dtype(array, index), generate


def _store(typing: Any, array: Any, index: Any, value: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        value = context.cast(builder, arguments[2], signature.args[2], signature.args[0].dtype)
        done = builder.store(value, _address(context, builder, signature, arguments))
        done.set_metadata("noalias", _scope(builder.module))
        return context.get_dummy_value()

    return types.void(array, index, value), generate


def _address(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    """A pointer to the element."""
    array = context.make_array(signature.args[0])(context, builder, arguments[0])
    place = context.cast(builder, arguments[1], signature.args[1], types.intp)
    return builder.gep(array.data, [place])


def _scope(module: Any) -> Any:
    """The scope of what is only read."""
    domain = module.add_metadata(["avatar"])
    return module.add_metadata([module.add_metadata(["read", domain])])


fetch: Any = intrinsic(_fetch)
"""fetch(array, index): an element of an array of one dimension, of which `store` writes nothing in the same kernel."""

store: Any = intrinsic(_store)
"""store(array, index, value): writes an element of an array that `fetch` does not read in the same kernel."""
