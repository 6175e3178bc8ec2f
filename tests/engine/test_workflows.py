"""Workflows: run in order by the real engine, charged once, with progress across all steps."""

import io
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.engine.conftest import Caller, picture
from vanceweb.catalogue.jconfig import parse_jconfig
from vanceweb.engine.ledger import grant_credits
from vanceweb.engine.models import LedgerEntry, Transform
from vanceweb.engine.processing.inference.registry import NetworkRegistry
from vanceweb.engine.processing.pipeline import process_file
from vanceweb.settings import ENGINE_MODEL_THREADS, MODELS_DIR

Work = Callable[..., None]


def build_step(
    module: str, out: dict[str, Any] | None = None, name: str | None = None, **params: Any
) -> dict[str, Any]:
    config: dict[str, Any] = {"module": module, "module_params": params}
    if out is not None:
        config["out_params"] = out
    return {"name": name or module, "config": config}


def build_workflow(*steps: dict[str, Any], key: str = "name") -> str:
    return json.dumps({key: "workflow", "config": list(steps)})


DENOISE = build_step("denoise", auto_params=False, remove_noise=10, sharpen=10)
SHARPEN = build_step(
    "sharpen3",
    name="va_sharpen_standard",
    autoparams=False,
    automodel=False,
    blur_type=0,
    remove_blur=0.3,
    suppress_noise=0.0,
    remove_artifacts=0.0,
)
COMPRESS = build_step("compress", quality=80)
DOUBLE = build_step("real_esrgan", scale="2x")
ENLARGE = build_step("enlarge3", scale=2)
MATTING = build_step("matting")
TEN = [DENOISE, SHARPEN, DENOISE, DOUBLE, DENOISE, COMPRESS, DENOISE, SHARPEN, DENOISE, ENLARGE]


def run_job(alice: Caller, work: Work, jconfig: str, content: bytes | None = None) -> tuple[str, Image.Image]:
    """Run a job that has to succeed. Return its trans_id and the downloaded result."""
    trans_id = alice.create_transform(content, jconfig)
    work()
    transform = Transform.objects.get(trans_id=trans_id)
    assert transform.state == Transform.State.FINISHED, transform.message
    answer = alice.http.get("/web_api/v1/download", {"api_token": alice.token, "trans_id": trans_id})
    image = Image.open(io.BytesIO(answer.getvalue()))
    image.load()
    return trans_id, image


def test_ten_steps_run_in_order_and_are_charged_once_with_the_sum(alice: Caller, work: Work) -> None:
    grant_credits(account=alice.account, credits=Decimal(10))
    trans_id, image = run_job(alice, work, build_workflow(*TEN), picture(24, 16))
    assert image.size == (24 * 2 * 2, 16 * 2 * 2)
    charge = LedgerEntry.objects.get(kind=LedgerEntry.Kind.DOWNLOAD)
    assert charge.points == Decimal(12)  # two of the ten are sharpenings, at 2 credits
    alice.http.get("/web_api/v1/download", {"api_token": alice.token, "trans_id": trans_id})
    assert LedgerEntry.objects.filter(kind=LedgerEntry.Kind.DOWNLOAD).count() == 1


def test_the_order_of_steps_is_kept(alice: Caller, work: Work) -> None:
    noise = io.BytesIO()
    Image.effect_noise((24, 16), 60).convert("RGB").save(noise, "PNG")
    strong = build_step("denoise", auto_params=False, remove_noise=100, sharpen=0)
    results = []
    for steps in ((strong, DOUBLE), (DOUBLE, strong)):
        _, image = run_job(alice, work, build_workflow(*steps), noise.getvalue())
        assert image.size == (48, 32)
        results.append(np.asarray(image).astype(int))
    assert np.abs(results[0] - results[1]).mean() > 1


def test_all_backends_are_named_in_order(alice: Caller, work: Work) -> None:
    trans_id, _ = run_job(alice, work, build_workflow(DENOISE, ENLARGE), picture(24, 16))
    made_by = alice.post("progress", trans_id=trans_id)["data"]["backend"]
    assert made_by.index("srmd") < made_by.index("span")


BACKGROUND = {"bg_composed": {"bg_color": {"r": 1, "g": 2, "b": 3}}}


@pytest.mark.parametrize(("key", "module", "out"), [("name", "matting", BACKGROUND), ("job", "denoise", {})])
def test_output_settings_of_the_last_step_apply(
    alice: Caller, work: Work, key: str, module: str, out: dict[str, Any]
) -> None:
    last = build_step(module, {**out, "dpi": 300, "format": "jpg"})
    _, image = run_job(alice, work, build_workflow(DENOISE, last, key=key), picture(24, 16))
    assert (image.format, image.mode, image.info["dpi"]) == ("JPEG", "RGB", (300, 300))


@pytest.mark.parametrize(
    ("steps", "code", "said"),
    [
        ([DENOISE] * 11, 10001, "10"),
        ([], 10001, ""),
        ([ENLARGE, DENOISE], 10001, "enlarge3"),
        ([MATTING, DENOISE], 10001, "matting"),
        ([build_step("denoise", {"dpi": 72}), DENOISE], 10001, "out_params"),
        ([DENOISE, build_step("denoise", remove_noise=101)], 10001, "remove_noise"),
    ],
)
def test_the_rules_are_enforced(alice: Caller, steps: list[dict[str, Any]], code: int, said: str) -> None:
    answer = alice.post("transform", uid=alice.create_upload(), jconfig=build_workflow(*steps))
    assert answer["code"] in (code, 10013)
    assert said in json.dumps(answer["msg"])
    assert not Transform.objects.exists()


def test_progress_counts_steps_and_tiles_and_never_decreases(tmp_path: Path) -> None:
    reported: list[float] = []
    (tmp_path / "p.png").write_bytes(picture(100, 20))
    steps, output = parse_jconfig(build_workflow(DENOISE, DENOISE, DOUBLE, ENLARGE))
    networks = NetworkRegistry(MODELS_DIR, ENGINE_MODEL_THREADS)
    process_file(tmp_path / "p.png", tmp_path / "r", steps, output, networks=networks, report=reported.append)
    assert reported == sorted(reported)
    assert (reported[0], reported[-1]) == (0, 1)
    # Each of the four steps ends at a quarter, and the large one also reports values in between.
    for quarter in (0.25, 0.5, 0.75):
        assert min(abs(fraction / 0.98 - quarter) for fraction in reported) < 0.01
    assert len({round(fraction, 3) for fraction in reported}) > 8
