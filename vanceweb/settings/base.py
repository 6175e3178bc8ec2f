"""Folders, addresses and keys."""

from pathlib import Path

from vanceweb.lib.client_address import parse_networks
from vanceweb.lib.key_files import read_on_first_use
from vanceweb.settings.environment import env

BASE_DIR = Path(__file__).resolve().parents[2]
DATA_DIR = Path(env.str("DATA_DIR", str(BASE_DIR / "data"))).resolve()
MODELS_DIR = Path(env.str("MODELS_DIR", str(BASE_DIR / "models"))).resolve()
HOST = env.str("HOST", "127.0.0.1")
PORT = env.int("PORT", 8000)
# Passkeys belong to a name, never to a number, so on this machine the site is opened by its name.
LOCAL_NAME = "localhost" if HOST in ("127.0.0.1", "::1") else HOST
# The address people open, if a proxy makes it differ from HOST and PORT; "https://…" enables secure cookies.
PUBLIC_URL = env.str("PUBLIC_URL", f"http://{LOCAL_NAME}:{PORT}").rstrip("/")
# Addresses and networks of the proxies whose X-Forwarded-For is believed; anybody else may write there what they like.
TRUSTED_PROXIES = parse_networks(env.list("TRUSTED_PROXIES", []))
NODE_MODULES_DIR = BASE_DIR / "node_modules"

# Keys: those that the environment doesn't give are files, which `manage.py prepare` creates.

KEYS_DIR = DATA_DIR / "keys"
SECRET_KEY = env.str("SECRET_KEY", "") or read_on_first_use(KEYS_DIR / "secret_key", str)
# Fernet keys for the stored API tokens, newest first; older keys still decrypt, so keys can be rotated.
VAULT_KEYS = env.list("VAULT_KEYS", []) or read_on_first_use(KEYS_DIR / "vault_keys", str.split)
# The key for hashing the engine's own tokens.
ENGINE_TOKEN_KEY = env.str("ENGINE_TOKEN_KEY", "") or read_on_first_use(KEYS_DIR / "engine_token_key", str)
