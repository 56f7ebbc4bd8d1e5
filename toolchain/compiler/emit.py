"""The C text of a compiled model: constants, parameters, one call a layer, and the small API around them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from toolchain.compiler import c_text
from toolchain.compiler.plan import Plan
from toolchain.compiler.program import Program
from toolchain.compiler.step import Constant, Step, Stripe, StripedStep
from toolchain.model.graph import DType, Tensor

_TYPES = {t: f"KIT_{t.name}" for t in DType}


@dataclass
class ConstantPool:
    """The constant arrays of a model, equal ones once, with their C names and text in the order of first use."""

    names: dict[int, str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    total: int = 0
    _known: dict[tuple[str, bytes], str] = field(default_factory=dict)

    def add(self, constant: Constant, prefix: str) -> int:
        """Give ``constant`` a C name; returns the bytes it adds (0 when an equal one is there already)."""
        array = np.ascontiguousarray(constant.array)
        key = (array.dtype.name, array.tobytes())
        if key in self._known:
            self.names[id(constant)] = self._known[key]
            return 0
        base = name = f"{prefix}_{constant.role}"
        serial = 2
        while name in self._known.values():
            name, serial = f"{base}_{serial}", serial + 1
        self._known[key] = self.names[id(constant)] = name
        self.lines.append(
            f"KIT_ALIGN({max(4, array.itemsize)}) static const KIT_CONST {c_text.c_type(array)} "
            f"{name}[{max(1, array.size)}] = {{\n"
            f"{c_text.array_values(array) if array.size else '    0'}\n}};\n"
        )
        self.total += array.nbytes
        return array.nbytes


def constants_of(value: object) -> list[Constant]:
    """Every `Constant` inside params, in order."""
    if isinstance(value, Constant):
        return [value]
    if isinstance(value, dict):
        return [c for v in value.values() for c in constants_of(v)]
    if isinstance(value, (list, tuple)):
        return [c for v in value for c in constants_of(v)]
    return []


def describe(tensor: Tensor) -> str:
    """Shape, type and quantisation of a tensor for a comment."""
    shape = "x".join(map(str, tensor.shape)) or "scalar"
    text = f"{shape} {tensor.dtype.value}"
    if tensor.quantization is not None:
        text += f" (scale {np.float32(tensor.scale)!s}, zero point {tensor.zero_point})"
    return text


def describe_step(step: Step) -> str:
    """One layer in words: operator, geometry and quantisation."""
    op = step.operator
    inputs = ", ".join(describe(t) for t in step.inputs)
    outputs = ", ".join(describe(t) for t in step.outputs)
    name = (step.outputs or op.outputs)[0].name.split(";")[0]  # converters join the names of what they fused
    text = f"{step.kind} '{name}': {inputs} -> {outputs}"
    if isinstance(step, StripedStep):
        return c_text.comment(f"{text}, a few rows at a time")
    options = op.options
    if op.kind in ("CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV") and op.inputs[1] is not None:
        kernel = op.inputs[1].shape
        text += f", kernel {kernel[1]}x{kernel[2]}"
    elif "filter_height" in options:
        text += f", window {options['filter_height']}x{options.get('filter_width')}"
    if "stride_h" in options:
        text += f", stride {options['stride_h']}x{options.get('stride_w')}"
    for key in ("padding", "fused_activation_function"):
        value = options.get(key)
        if value not in (None, "NONE"):
            text += f", {value}"
    return c_text.comment(text)


def _block_comment(text: str, indent: str) -> str:
    words, lines, line = text.split(" "), [], ""
    for word in words:
        if line and len(line) + len(word) > 100:
            lines.append(line)
            line = ""
        line = f"{line} {word}" if line else word
    lines.append(line)
    return f"{indent}/* " + f"\n{indent} * ".join(lines) + " */"


@dataclass(frozen=True)
class Emitted:
    """The texts of a model, and what they were made of. ``layer_bytes`` is by step: bytes by role of constant."""

    files: dict[str, str]
    weights_bytes: int
    layer_bytes: list[dict[str, int]]


def emit(program: Program, plan: Plan, folder: Path, prefix: str, heading: str) -> Emitted:
    """``<prefix>.c``, ``<prefix>.h`` and the kernel files of ``folder`` that they use."""
    writer = _Writer(folder)
    layer_bytes: list[dict[str, int]] = []
    calls: list[str] = []

    def place(tensor: Tensor) -> str:
        root, offset = program.root(tensor)
        if root in writer.operands:
            return f"(const uint8_t *){writer.pool.names[id(writer.operands[root])]} + {offset}"
        return f"a + {plan.offsets[tensor]}"

    for time, step in enumerate((*program.init_steps, *program.steps)):
        name = _layer_name(prefix, program, time)
        scratch = f"a + {plan.scratch[time]}" if step.scratch_bytes else ""
        if isinstance(step, StripedStep):
            layer_bytes.append(writer.declare_stripes(step, name))
            arguments = [place(step.inputs[0]), place(step.outputs[0]), *([scratch] if scratch else [])]
            call = f"{name}_rows({', '.join(arguments)});"
        else:
            operands = [program.root(t)[0] for t in step.inputs if program.root(t)[0].data is not None]
            layer_bytes.append(writer.declare(step, name, operands))
            call = writer.call(step, name, place, scratch)
        calls.append(f"{_block_comment(describe_step(step), '    ')}\n    {call}\n")
    kernels = writer.kernels | c_text.included(folder, "kit_nn.h")
    source = _source(program, plan, prefix, heading, writer, calls)
    files = {f"{prefix}.c": source, f"{prefix}.h": _header(program, plan, prefix, heading)}
    assert not files.keys() & kernels.keys(), f"prefix {prefix} is the name of a kernel"
    return Emitted(files | dict(sorted(kernels.items())), writer.pool.total, layer_bytes)


class _Writer:
    """Collects constants, parameters and kernels of steps, and writes their calls."""

    def __init__(self, folder: Path) -> None:
        self.pool = ConstantPool()
        self.kernels: dict[str, str] = {}
        self.headers: list[str] = ["kit_nn.h"]
        self.declarations: list[str] = []
        self.operands: dict[Tensor, Constant] = {}
        self._folder = folder
        self._known: dict[str, dict[str, tuple[c_text.Field, ...]]] = {}

    def declare(self, step: Step, name: str, operands: Sequence[Tensor] = ()) -> dict[str, int]:
        """Constants and params of ``step`` under ``name``; constant ``operands`` are arrays too. Returns the bytes
        of constants added, by role."""
        header = step.header
        self.kernels |= c_text.included(self._folder, f"{step.kernel}.c") | c_text.included(self._folder, header)
        if header not in self._known:
            self._known[header] = {}
            for text in c_text.included(self._folder, header).values():
                self._known[header] |= c_text.structs(text)
            self.headers.append(header)
        by_role: dict[str, int] = {}
        for tensor in operands:
            assert tensor.data is not None
            self.operands[tensor] = Constant("operand", tensor.data)
        for constant in (*constants_of(step.params), *(self.operands[t] for t in operands)):
            by_role[constant.role] = by_role.get(constant.role, 0) + self.pool.add(constant, name)
        if step.params is not None:
            struct = step.struct or f"{step.kernel}_params"
            values = c_text.Initializer(self._known[header], self.pool.names).struct(step.params, struct)
            self.declarations.append(f"static const KIT_CONST struct {struct} {name} = {values};\n")
        return by_role

    def call(self, step: Step, name: str, place: Callable[[Tensor], str], scratch: str) -> str:
        """The call of a kernel; ``place`` gives the address of a tensor as C."""
        arguments = [f"&{name}"] if step.params is not None else []
        arguments += [f"(const {t.dtype.c} *)({place(t)})" for t in step.inputs]
        arguments += [f"({t.dtype.c} *)({place(t)})" for t in step.outputs]
        if step.scratch_bytes:
            arguments.append(scratch)
        return f"{step.kernel}({', '.join(arguments)});"

    def declare_stripes(self, step: StripedStep, name: str) -> dict[str, int]:
        """A function that runs a chain of layers stripe by stripe, with all that its kernels need."""
        total: dict[str, int] = {}
        lines = [f"static void {name}_rows(const uint8_t *in, uint8_t *out, uint8_t *scratch) {{"]
        lines += ["    unsigned i;"] if any(stripe.count > 1 for stripe in step.stripes) else []
        for number, stripe in enumerate(step.stripes):
            repeated = stripe.count > 1
            indent = "        " if repeated else "    "
            if repeated:
                lines.append(f"    for (i = 0; i < {stripe.count}; i++) {{")
            for piece, inner in enumerate(stripe.steps):
                inner_name = f"{name}_{number}_{piece}"
                for role, count in self.declare(inner, inner_name).items():
                    total[role] = total.get(role, 0) + count
                call = self.call(inner, inner_name, stripe_place(stripe), f"scratch + {stripe.scratch.get(piece)}")
                lines += [_block_comment(describe_step(inner), indent), indent + call]
            if repeated:
                lines.append("    }")
        self.declarations.append("\n".join([*lines, "}\n"]))
        return total


def stripe_place(stripe: Stripe) -> Callable[[Tensor], str]:
    """Addresses of the tensors of a stripe, in terms of ``in``, ``out``, ``scratch`` and the repetition ``i``."""

    def place(tensor: Tensor) -> str:
        if tensor is stripe.source:
            return f"in + {stripe.input_offset}" + (f" + i * {stripe.input_stride}u" if stripe.count > 1 else "")
        if tensor is stripe.result:
            return f"out + {stripe.output_offset}" + (f" + i * {stripe.output_stride}u" if stripe.count > 1 else "")
        return f"scratch + {stripe.offsets[tensor]}"

    return place


def _layer_name(prefix: str, program: Program, time: int) -> str:
    first = len(program.init_steps)
    return f"{prefix}_init_{time}" if time < first else f"{prefix}_layer_{time - first}"


def _tensor_table(name: str, tensors: Sequence[Tensor], plan: Plan) -> str:
    """A table of `struct kit_tensor`."""
    lines, rows = [], []
    for i, t in enumerate(tensors):
        shape = ", ".join(map(str, t.shape)) or "1"
        lines.append(f"static const KIT_CONST char {name}_name_{i}[] = {c_text.string(t.name)};")
        lines.append(f"static const KIT_CONST int32_t {name}_shape_{i}[] = {{{shape}}};")
        scale, zero = (c_text.real(t.scale), t.zero_point) if t.quantization else ("0.0f", 0)
        rows.append(
            f"    {{{name}_name_{i}, {plan.offsets[t]}, {t.bytes}, {scale}, {zero}, {_TYPES[t.dtype]}, "
            f"{len(t.shape)}, {name}_shape_{i}}},"
        )
    if not rows:
        rows.append("    {NULL, 0, 0, 0.0f, 0, KIT_INT8, 0, NULL},")
    return "\n".join([*lines, f"const KIT_CONST struct kit_tensor {name}[] = {{", *rows, "};\n"])


def _layer_table(name: str, layers: Sequence[Step], plan: Plan) -> str:
    """A table of `struct kit_layer`. Names are no more than comments: converters make them long."""
    rows = [f"    {{{plan.offsets[t]}, {t.bytes}}}," for t in (step.outputs[0] for step in layers)]
    return "\n".join([f"const KIT_CONST struct kit_layer {name}[] = {{", *(rows or ["    {0, 0},"]), "};\n"])


def _pointer_function(qualifier: str, name: str, tensors: Sequence[Tensor], plan: Plan) -> str:
    offsets = ", ".join(str(plan.offsets[t]) for t in tensors) or "0"
    return (
        f"{qualifier}void *{name}({qualifier}void *arena, unsigned index) {{\n"
        f"    static const KIT_CONST uint32_t offsets[] = {{{offsets}}};\n"
        f"    if (arena == NULL || index >= {len(tensors)}u) {{\n        return NULL;\n    }}\n"
        f"    return ({qualifier}uint8_t *)arena + offsets[index];\n}}\n"
    )


def _variables(plan: Plan) -> list[Tensor]:
    return [t for t in plan.lifetimes if t.is_variable]


def _source(
    program: Program,
    plan: Plan,
    prefix: str,
    heading: str,
    writer: _Writer,
    calls: Sequence[str],
) -> str:
    first = len(program.init_steps)
    graph = program.graph
    fits = (
        f"static int {prefix}_fits(const void *arena, size_t arena_bytes) {{\n"
        f"    return arena != NULL && arena_bytes >= {prefix.upper()}_ARENA_BYTES && "
        "((uintptr_t)arena & 15u) == 0;\n}\n"
    )
    refuse = f"    if (!{prefix}_fits(arena, arena_bytes)) {{\n        return KIT_ERROR_ARENA;\n    }}\n"
    reset = [
        f"    memset(a + {plan.offsets[t]}, {t.zero_point if t.dtype is DType.INT8 and t.quantization else 0}, "
        f"{t.bytes}); /* {c_text.comment(t.name)} */\n"
        for t in _variables(plan)
    ]
    init_body = "".join([*reset, *calls[:first]])
    init_base = "    uint8_t *const a = (uint8_t *)arena;\n" if init_body else ""
    body = "".join(
        f"{call}    if (hook(user, {i}) != 0) {{\n        return KIT_STOPPED;\n    }}\n"
        for i, call in enumerate(calls[first:])
    )
    no_hook = (
        f"static int {prefix}_no_hook(void *user, unsigned layer) {{\n"
        "    (void)user;\n    (void)layer;\n    return 0;\n}\n"
    )
    base = "    uint8_t *const a = (uint8_t *)arena;\n" if body else "    (void)hook;\n    (void)user;\n"
    choose = f"    if (hook == NULL) {{\n        hook = {prefix}_no_hook;\n    }}\n" if body else ""
    return "\n".join(
        [
            _block_comment(heading, ""),
            f'#include "{prefix}.h"',
            "",
            "#include <string.h>",
            "",
            *(f'#include "{h}"' for h in sorted(set(writer.headers))),
            "",
            *writer.pool.lines,
            *writer.declarations,
            _tensor_table(f"{prefix}_inputs", graph.inputs, plan),
            _tensor_table(f"{prefix}_outputs", graph.outputs, plan),
            _layer_table(f"{prefix}_layers", program.steps, plan),
            fits,
            f"int {prefix}_init(void *arena, size_t arena_bytes) {{\n{init_base}{refuse}{init_body}"
            "    return KIT_OK;\n}\n",
            _pointer_function("", f"{prefix}_input", graph.inputs, plan),
            _pointer_function("const ", f"{prefix}_output", graph.outputs, plan),
            *([no_hook] if body else []),
            f"int {prefix}_invoke(void *arena, size_t arena_bytes, kit_layer_hook hook, void *user) {{\n"
            f"{base}{refuse}{choose}{body}    return KIT_OK;\n}}",
            "",
        ]
    )


def _header(program: Program, plan: Plan, prefix: str, heading: str) -> str:
    upper = prefix.upper()
    graph = program.graph
    return f"""{_block_comment(heading, "")}
#ifndef {upper}_H
#define {upper}_H

#include "kit_nn.h"

#define {upper}_ARENA_BYTES {max(16, plan.arena_bytes)}
#define {upper}_INPUT_COUNT {len(graph.inputs)}
#define {upper}_OUTPUT_COUNT {len(graph.outputs)}
#define {upper}_LAYER_COUNT {len(program.steps)}

#ifdef __cplusplus
extern "C" {{
#endif

/* What goes in, what comes out, and the (first) output of each layer. Dropped by the linker when unused. */
extern const KIT_CONST struct kit_tensor {prefix}_inputs[];
extern const KIT_CONST struct kit_tensor {prefix}_outputs[];
extern const KIT_CONST struct kit_layer {prefix}_layers[];

/* Check the arena (at least {upper}_ARENA_BYTES, 16-byte aligned) and put the model's state to its start. */
int {prefix}_init(void *arena, size_t arena_bytes);

/* Where input `index` is to be written before each invoke; NULL when there is none. Its memory is used again
 * during the inference. */
void *{prefix}_input(void *arena, unsigned index);

/* Where output `index` lies after an invoke, until the next one; NULL when there is none. */
const void *{prefix}_output(const void *arena, unsigned index);

/* One inference. `hook` (may be NULL) is called after each layer. Returns KIT_OK, KIT_STOPPED or an error. */
int {prefix}_invoke(void *arena, size_t arena_bytes, kit_layer_hook hook, void *user);

#ifdef __cplusplus
}}
#endif
#endif
"""


def model_data_header(data: bytes, prefix: str) -> str:
    """The ``.tflite`` itself as a 16-byte-aligned C array, for those who run an interpreter."""
    values = c_text.array_values(np.frombuffer(data, np.uint8))
    upper = prefix.upper()
    return f"""/* The .tflite model as a C array. The compiled model does not need it. */
#ifndef {upper}_DATA_H
#define {upper}_DATA_H

#include "kit_nn.h"

KIT_ALIGN16 static const uint8_t {prefix}_data[{len(data)}] = {{
{values}
}};

#endif
"""
