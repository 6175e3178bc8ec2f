"""Configurations in the API's own JSON, written by hand from its documentation."""

import json
from typing import Any

as_json = json.dumps


def step(name: str, module: str, model: str | None = None, out: dict[str, Any] | None = None, **params: Any) -> Any:
    """One step as the documentation shows it."""
    config: dict[str, Any] = {"module": module, "module_params": params}
    if model is not None:
        config["module_params"] = {"model_name": model, **params}
    if out is not None:
        config["out_params"] = out
    return {"name": name, "config": config}


def denoise(**params: Any) -> Any:
    return step("denoise", "denoise", "DenoiseStable", **({"auto_params": True} | params))


def enlarge(scale: Any = 2, **params: Any) -> Any:
    model = f"EnlargeStandard_{2 if scale in (2, '2x') else 4}x_Stable"
    return step("enlarge3", "enlarge3", model, **({"suppress_noise": 40, "remove_blur": 60, "scale": scale} | params))


def workflow(*steps: Any, spelling: str = "name", title: str = "va_sharpen_standard") -> Any:
    return {spelling: title, "config": list(steps)}


# What the calls are about is not what the networks do to a picture: this job needs none, and is done in an instant.
QUICK = as_json(denoise(auto_params=False, remove_noise=0, sharpen=0))
ENLARGE = as_json(enlarge())
MATTING = as_json(step("matting", "matting", "MattingStable"))
# Several steps over `LARGE`: busy for longer than the server's patience, and quick to notice that it was cancelled.
LONG = as_json(workflow(*(denoise() for _ in range(10))))
LARGE = (600, 600)
