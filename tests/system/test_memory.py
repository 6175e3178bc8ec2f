"""Memory of the running site: libraries for image work stay out of all processes but the engine's worker."""

from pathlib import Path

import pytest

from tests.live_site import TEAM_PATH, LiveSite, ScriptlessVisitor

LIBRARIES = ("/cv2/", "/ncnn", "/onnxruntime/", "/numpy/")


def find_mapped_libraries(pid: int) -> set[str]:
    """Return those of LIBRARIES from which the process has files in its memory."""
    maps = Path(f"/proc/{pid}/maps").read_text()
    return {library for library in LIBRARIES if library in maps}


@pytest.mark.slow
@pytest.mark.xdist_group("served-briefly")
def test_only_the_engines_worker_loads_image_libraries(default_site: LiveSite) -> None:
    alice = ScriptlessVisitor(default_site).log_in()
    alice.wait_until_done(alice.start_job("compress", quality="50"))
    for page in (TEAM_PATH, TEAM_PATH + "gallery/", TEAM_PATH + "usage/", "/models/"):
        assert alice.get(page).status_code == 200
    (engine,) = default_site.find_pids("manage.py work", "--queue engine ")
    others = set(default_site.find_pids()) - {engine}
    assert len(others) >= 5
    assert {library for pid in others for library in find_mapped_libraries(pid)} == set()
    assert find_mapped_libraries(engine) == set(LIBRARIES)
