"""What is left of a service's texts, and the forms in which an echoed token is found."""

import pytest

from vanceweb.client.cleaning import clean_text, shorten
from vanceweb.client.parsing import parse_object
from vanceweb.client.redaction import HIDDEN, Secret

TOKEN = "a+b/token <of> some length="


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("plain  text ", "plain  text "),
        ("हिन्दी ไทย é 👩‍👧 שלום", "हिन्दी ไทย é 👩‍👧 שלום"),
        ("a\nb\tc\u2028d", "a b c d"),
        ("a\x00b\x1b[31mc\x7f\x9b", "ab[31mc"),
        ("half \ud83d", "half \ufffd"),
        ("cat\u202egnp.exe", "catgnp.exe"),
        ("\ufeffa\uffff", "a"),
    ],
)
def test_letters_stay_and_controls_go(text: str, cleaned: str) -> None:
    assert clean_text(text) == cleaned


def test_a_shortened_text_says_so() -> None:
    assert [shorten("abcdef", 6), shorten("abcdefg", 6)] == ["abcdef", "abcde…"]


@pytest.mark.parametrize(
    "form",
    [
        TOKEN,
        TOKEN.upper(),
        "a%2Bb%2Ftoken%20%3Cof%3E%20some%20length%3D",
        "a%2bb%2ftoken+%3cof%3e+some+length%3d",
        "a+b/token &lt;of&gt; some length=",
        "YStiL3Rva2VuIDxvZj4gc29tZSBsZW5ndGg9",
    ],
)
def test_a_token_is_hidden_in_every_encoding(form: str) -> None:
    assert Secret(TOKEN).hide_in(f"before {form} after") == f"before {HIDDEN} after"


def test_an_id_that_is_the_token_or_a_part_of_it_overlaps() -> None:
    token = Secret("0123456789ABCDEF0123456789abcdef")
    assert token.has_overlap("0123456789abcdef0123456789abcdef")
    assert token.has_overlap("abcdef0123456789")
    assert not token.has_overlap("f" * 32)
    assert not Secret("e").has_overlap("e" * 32)


@pytest.mark.parametrize(
    "body",
    [
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b'{"a": 1, "a": 2}',
        b'{"a": 1e9999999999999999999}',
        b'{"a": ' + b"9" * 5000,
        b"[" * 100_000,
        b"",
        b"\xff",
        b"null",
        b'"text"',
    ],
)
def test_anything_but_one_clear_object_is_no_json(body: bytes) -> None:
    assert parse_object(body) is None


def test_an_answer_in_another_charset_keeps_its_code() -> None:
    assert parse_object('{"code": 10014, "msg": "失败"}'.encode("gbk")) == {"code": 10014, "msg": "ʧ\ufffd\ufffd"}
