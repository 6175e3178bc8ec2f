import pytest
from cryptography.fernet import Fernet
from pytest_django import Settings

from vanceweb.lib.encryption import (
    DecryptionFailed,
    EncryptedTextField,
    KeysUnusable,
    SealedText,
    decrypt,
    encrypt,
    rotate,
)

SECRET = "8f4e-very-secret"


def test_the_stored_value_does_not_contain_the_secret() -> None:
    cipher = encrypt(SECRET)
    assert SECRET not in cipher
    assert decrypt(cipher) == SECRET
    assert encrypt(SECRET) != cipher


def test_an_older_key_still_decrypts_and_rotation_uses_the_newest(settings: Settings) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    settings.VAULT_KEYS = [old]
    cipher = encrypt(SECRET)
    settings.VAULT_KEYS = [new, old]
    assert decrypt(cipher) == SECRET
    rotated = rotate(cipher)
    settings.VAULT_KEYS = [new]
    assert decrypt(rotated) == SECRET


@pytest.mark.parametrize("cipher", ["", "plain", "gAAAAAB", "ключ"])
def test_an_invalid_value_raises_an_error_that_does_not_show_it(settings: Settings, cipher: str) -> None:
    with pytest.raises(DecryptionFailed) as caught:
        decrypt(cipher)
    assert caught.value.__cause__ is None
    assert not cipher or cipher not in str(caught.value)


def test_a_wrong_key_never_returns_the_ciphertext(settings: Settings) -> None:
    cipher = encrypt(SECRET)
    settings.VAULT_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(DecryptionFailed):
        decrypt(cipher)


@pytest.mark.parametrize("keys", [[], ["not-a-key"], ["c2hvcnQ="]])
def test_without_a_usable_key_nothing_is_encrypted_and_no_key_is_shown(settings: Settings, keys: list[str]) -> None:
    cipher = encrypt(SECRET)
    settings.VAULT_KEYS = keys
    with pytest.raises(KeysUnusable) as caught:
        encrypt(SECRET)
    assert not keys or keys[0] not in str(caught.value)
    with pytest.raises(DecryptionFailed):
        decrypt(cipher)


def test_a_sealed_text_shows_nothing_until_it_is_opened() -> None:
    sealed = SealedText.encrypt(SECRET)
    assert SECRET not in f"{sealed} {sealed!r}"
    assert sealed.cipher not in f"{sealed} {sealed!r}"
    assert sealed.open() == SECRET
    assert {sealed, SealedText(sealed.cipher)} == {sealed}


def test_an_encrypted_column_can_not_be_searched() -> None:
    field: EncryptedTextField = EncryptedTextField()
    field.name = "token"
    with pytest.raises(TypeError, match="can't be searched"):
        field.get_lookup("exact")
