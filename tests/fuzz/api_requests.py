"""Random requests to the engine's API, and what every answer must be like."""

import json
from random import Random

from django.http import HttpResponse

from tests.fuzz.odd_values import BODIES, METHODS, choose_text, mutate_bytes, mutate_jconfig
from tests.fuzz.requests import Request, build_request
from tests.fuzz.scene import PICTURE, Scene

CALLS = ["upload", "transform", "transform", "progress", "download", "cancel", "point", "points/record"]
NAMES = ["cat.png", "cat.jpg", "cat", "..", "é.png", "a" * 400 + ".png", "\u202egnp.exe", 'a"b.png', "a;b.png"]
ENDINGS = ["/", "//", "/../x", "%00", "?"]
CODES = {200, 10001, 10011, 10012, 10013, 10014, 30001, 30004}


def build_api_request(random: Random, scene: Scene) -> Request:
    """Return a call of the API, most of it valid."""
    call = random.choice(CALLS)
    token = scene.token if random.random() < 0.85 else choose_text(random, [scene.token[:-1], scene.foreign_token[:8]])
    ids = [*scene.uids, *scene.foreign_uids]
    fields = {"api_token": token}
    if call == "transform":
        fields |= {"uid": choose_text(random, ids), "jconfig": mutate_jconfig(random), "wait": "0"}
    elif call in ("progress", "download", "cancel"):
        fields["trans_id"] = choose_text(random, [*scene.trans_ids, *scene.foreign_trans_ids])
    elif call == "points/record":
        fields |= {"page": choose_text(random, ["1", "2"]), "limit": choose_text(random, ["20"])}
    for name in ("webhook", "wait", "queue_key", "job", choose_text(random)):
        if random.random() < 0.1:
            fields[name] = choose_text(random)
    if random.random() < 0.05:
        fields.pop(random.choice(list(fields)))
    files = {}
    if call == "upload" and random.random() < 0.95:
        picture = random.choice([PICTURE, PICTURE, mutate_bytes(random, PICTURE), random.choice(BODIES)])
        files = {random.choice(["file", "file", "file", "File"]): (random.choice(NAMES), picture)}
    usual = "GET" if call in ("point", "download") else "POST"
    method = usual if random.random() < 0.85 else random.choice(METHODS)
    path = f"/web_api/v1/{call}" + (random.choice(ENDINGS) if random.random() < 0.05 else "")
    return build_request(random, method=method, path=path, fields=fields, files=files)


def find_api_fault(request: Request, response: HttpResponse, content: bytes, scene: Scene) -> str:
    """Return what is wrong with an answer, or an empty string."""
    if scene.token.encode() in content or scene.foreign_token.encode() in content:
        return "the answer contains a token"
    if any(uid.encode() in content for uid in scene.hidden_uids):
        return "the answer contains an id of another account"
    if response.status_code != 200:
        return f"HTTP status {response.status_code}"
    if response["Content-Type"] in ("image/png", "image/jpeg"):
        return "" if "/download" in request.path else "a picture"
    if request.method == "HEAD":
        return ""
    answer = json.loads(content)
    code = answer.get("code")
    if type(code) is not int or code not in CODES:
        return f"the code {code}"
    if code == 200:
        return "" if set(answer) == {"code", "cscode", "data", "ip"} else f"members {sorted(answer)}"
    message = answer.get("msg")
    lists = message.values() if isinstance(message, dict) else [[message]]
    sentences = [sentence for sentences in lists for sentence in sentences]
    if set(answer) != {"code", "msg"} or not sentences or not all(isinstance(text, str) and text for text in sentences):
        return f"an error of another shape: {answer}"
    return ""
