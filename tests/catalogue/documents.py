"""Builders of clients' jconfigs, and functions that parse them."""

import pytest

from vanceweb.catalogue.jconfig import JConfigError, parse_jconfig
from vanceweb.catalogue.output import Output
from vanceweb.catalogue.steps import Step


def build_document(module: str, params: object = None, out_params: object = None, **beside: object) -> dict:
    config: dict[str, object] = {"module": module, "module_params": {} if params is None else params}
    if out_params is not None:
        config["out_params"] = out_params
    return {"name": module, "config": config, **beside}


def build_workflow(*items: dict) -> dict:
    return {"name": "workflow", "config": list(items)}


def parse_refused(source: object) -> JConfigError:
    with pytest.raises(JConfigError) as caught:
        parse_jconfig(source)
    assert caught.value.message == str(caught.value)
    caught.value.message.encode()
    return caught.value


def parse_or_catch(source: object) -> tuple[tuple[Step, ...], Output] | JConfigError:
    try:
        return parse_jconfig(source)
    except JConfigError as error:
        if error.code not in (10001, 10013):
            raise
        error.message.encode()
        return error
