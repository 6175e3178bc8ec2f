"""Job configurations in the API's JSON, written by hand from its documentation."""

import json
from typing import Any

as_json = json.dumps


def build_step(
    name: str, module: str, model: str | None = None, out: dict[str, Any] | None = None, **params: Any
) -> Any:
    """Return one step in the documentation's form."""
    config: dict[str, Any] = {"module": module, "module_params": params}
    if model is not None:
        config["module_params"] = {"model_name": model, **params}
    if out is not None:
        config["out_params"] = out
    return {"name": name, "config": config}


def build_denoise(**params: Any) -> Any:
    return build_step("denoise", "denoise", "DenoiseStable", **({"auto_params": True} | params))


def build_enlarge(scale: Any = 2, **params: Any) -> Any:
    model = f"EnlargeStandard_{2 if scale in (2, '2x') else 4}x_Stable"
    return build_step(
        "enlarge3", "enlarge3", model, **({"suppress_noise": 40, "remove_blur": 60, "scale": scale} | params)
    )


def build_workflow(*steps: Any, spelling: str = "name", title: str = "va_sharpen_standard") -> Any:
    return {spelling: title, "config": list(steps)}


# The contract tests don't test image processing: this job needs no network and ends at once.
QUICK = as_json(build_denoise(auto_params=False, remove_noise=0, sharpen=0))
ENLARGE = as_json(build_enlarge())
MATTING = as_json(build_step("matting", "matting", "MattingStable"))
# Several steps on an image of size `LARGE`: each takes a second (tests/operations.py), so that the job runs longer than
# /transform waits, and stops quickly when cancelled.
LONG = as_json(build_workflow(*(build_denoise() for _ in range(10))))
LARGE = (600, 600)
