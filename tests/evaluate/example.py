"""A finished test of the kit digits on a board, made up: what reports and checks are tested with."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from toolchain.evaluate.answers import Answer
from toolchain.evaluate.checks import Marks, check_all
from toolchain.evaluate.device import Expected, judge
from toolchain.evaluate.kit_test import KitTest
from toolchain.evaluate.profile import summarise
from toolchain.evaluate.results import LinkHealth, Memory
from toolchain.kit import load_kit
from toolchain.pipeline import Built, Model
from toolchain.train import TrainedModel

SAMPLES = 120
_LONG = "model_1/functional_1/re_lu_1/Relu;model_1/functional_1/batch_normalization_1/batchnorm/add_1;" * 2


def example_report(layers: int = 3) -> dict:
    """A compile report of ``layers`` layers."""
    ops = (("CONV_2D", 18432, 2048), ("MAX_POOL_2D", 0, 512), ("FULLY_CONNECTED", 5120, 10))
    said, arena = [], []
    for i in range(layers):
        op, macs, size = ops[i % 3]
        said.append(
            {
                "layer": i,
                "op": op,
                "name": f"{_LONG}{i}",
                "kernel": f"kit_{op.lower()}_s8_dsp",
                "macs": macs,
                "scratch_bytes": 0,
                "constant_bytes": {"weights": macs // 32} if macs else {},
                "activation_bytes": size + 64,
            }
        )
        arena.append(
            {"name": f"{_LONG}{i}", "index": i, "shape": [1, size], "type": "int8", "offset": i * 64, "bytes": size,
             "first": i, "last": i + 1, "state": False}
        )  # fmt: skip
    return {
        "model_sha256": "ab" * 32, "name": "digits", "target": "cortex-m4", "optimize": "default",
        "ops": {"CONV_2D": 1},
        "macs": sum(entry["macs"] for entry in said), "arena_bytes": 2176, "arena_bound_bytes": 2112,
        "weights_bytes": 700, "kernels": ["kit_conv_s8_dsp"], "inputs": [], "outputs": [], "layers": said,
        "arena": arena, "scratch": [],
    }  # fmt: skip


def example_test(folder: Path | None = None, layers: int = 3) -> KitTest:
    """The test; with ``folder`` its firmware's report lies there."""
    kit = load_kit("digits")
    random = np.random.default_rng(1)
    truth = random.integers(0, 10, SAMPLES)
    outputs = random.integers(-128, 0, (SAMPLES, 10)).astype(np.int8)
    outputs[np.arange(SAMPLES), truth] = 100
    outputs[:3, 7] = 127  # some are wrong
    expected = Expected(
        random.integers(-128, 0, (SAMPLES, 8, 8, 1)).astype(np.int8),
        truth,
        outputs,
        "tflite-micro",
        1 / 256,
        -128,
        truth,
    )
    answers = [Answer(i, outputs[i].tobytes(), 500 + i) for i in range(SAMPLES)]
    test = judge(expected, answers, "instructions", 40)
    curve = np.linspace(0.3, 0.99, 20).tolist()
    metrics = {
        "accuracy_float": 1.0, "accuracy_host": 0.998, "int8_runner": "tflite-micro", "parameters": 6000,
        "samples": {"train": 1257, "validation": 180, "test": 360}, "epochs": 20, "best_epoch": 17,
        "history": {"accuracy": curve, "val_accuracy": curve, "loss": curve[::-1], "val_loss": curve[::-1]},
        "model_bytes": 13000, "weights_bytes": 6524, "versions": {"tensorflow": "2.20"},
    }  # fmt: skip
    model = Model("digits", Path("model.tflite"), "ab" * 32, kit.labels)
    built = None
    memory = Memory(15377, 6524, 2176, 1216, 488)
    report = example_report(layers)
    if folder is not None:
        (folder / "report.json").write_text(json.dumps(report))
        built = Built(folder, folder / "firmware.elf", (), memory, "cd" * 32, "ef" * 32, "arm-none-eabi-gcc 12.2")
    return KitTest(
        kit=kit,
        trained=TrainedModel(Path("model"), metrics),
        model=model,
        board="mps2-an386",
        target="cortex-m4",
        emulator="qemu 7.2",
        port="socket://127.0.0.1:1",
        built=built,
        report=report if built else None,
        expected=expected,
        test=test,
        memory=memory,
        link=LinkHealth(1466, 1, 0, 0),
        checks=check_all(kit, metrics, test, "mps2-an386", Marks(), whole=True),
        profile=summarise(report, [9000.0 / (i + 1) for i in range(layers)], "instructions", 30000.0),
        workers=2,
        resumed=0,
        seconds={"test": 2.5, "total": 3.1},
    )
