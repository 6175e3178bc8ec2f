"""Names of files: every script is kept, and nothing that a file system, a shell or a reader trips over."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vanceweb.lib.file_names import MAX_BYTES, MAX_CHARACTERS, build_result_name, clean_file_name, split_clusters

FAMILY = "👨\u200d👩\u200d👧\u200d👦"
SCOTLAND = "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"
PERSIAN = "می\u200cخواهم"
SINHALA = "ක්\u200dෂ"
MALAYALAM = "ന്\u200d"
KEPT = {
    "Hindi": "हिन्दी",
    "Thai": "ไทยเที่ยว",
    "Tamil": "தமிழ்",
    "Burmese": "မြန်မာ",
    "Arabic": "صورة جميلة",
    "Arabic with vowels": "صُورَة",
    "Persian with a non-joiner": PERSIAN,
    "Hebrew with points": "תְּמוּנָה",
    "Sinhala with a joiner": SINHALA,
    "Malayalam with a joiner at the end": MALAYALAM,
    "Korean": "사진",
    "Japanese": "写真ビデオ",
    "Chinese with a variant": "葛\U000e0100",
    "Vietnamese": "Ảnh đẹp",
    "Greek and Cyrillic": "Φωτογραφία фото",
    "family": FAMILY,
    "family among words": f"us {FAMILY} 2024",
    "skin tone": "👩🏽\u200d💻",
    "heart on fire": "❤\ufe0f\u200d🔥",
    "rainbow flag": "🏳\ufe0f\u200d🌈",
    "shaken head": "🙂\u200d↔\ufe0f",
    "country flags": "🇩🇪🇫🇷",
    "Scotland": SCOTLAND,
    "keycap": "1\ufe0f\u20e3",
    "emoji newer than the tables": "\U0001fae8",
    "signs": "50 % of €5 + (1) [a] & 'b', #3; c=d!",
    "inner dots": "holiday.2024.v1",
}
CLEANED = {
    "composed": ("cafe\u0301.png", "café.png"),
    "composed Korean": (unicodedata.normalize("NFD", "사진.png"), "사진.png"),
    "folders": ("../../etc/passwd.png", "passwd.png"),
    "Windows folders": ("C:\\Users\\me\\photo.png", "photo.png"),
    "control characters": ("a\x00b\nc\x7f.png", "abc.png"),
    "half of a pair": ("a\ud83db.png", "ab.png"),
    "bidi override": ("holiday\u202egnp.exe.png", "holidaygnp.exe.png"),
    "bidi marks and isolates": ("\u200ea\u2066b\u2069\u061c.png", "ab.png"),
    "zero width": ("p\u200bh\u200co\u200dt\ufeffo\u2060.png", "photo.png"),
    "variation selector on a letter": ("photo\ufe0f.png", "photo.png"),
    "joiners alone": ("\u200d\ufe0f\u200c.png", "picture.png"),
    "joiner before nothing": ("👨\u200d.png", "👨.png"),
    "double joiner": ("👨\u200d\u200d👩.png", "👨\u200d👩.png"),
    "tags alone": ("a\U000e0067\U000e0062\U000e007f.png", "a.png"),
    "invisible letter": ("\u3164.png", "picture.png"),
    "mark at the start": ("\u0301a.png", "a.png"),
    "noncharacter": ("a\uffff\U0010ffffb.png", "ab.png"),
    "spaces of all widths": ("a\u00a0b\u3000c.png", "a b c.png"),
    "reserved signs": ('is "this" <ok>?|*.png', "is _this_ _ok_.png"),
    "device": ("CON.png", "_CON.png"),
    "device with another ending": ("nul.tar.gz", "_nul.tar.gz.png"),
    "device in other spellings": ("com¹ .png", "_com¹.png"),
    "not a device": ("console.png", "console.png"),
    "leading dot": (".hidden.png", "hidden.png"),
    "trailing dots and spaces": ("photo . .png. .", "photo.png"),
    "empty": ("", "picture.png"),
    "spaces": ("   ", "picture.png"),
    "dots": ("...", "picture.png"),
    "only an ending": (".png", "picture.png"),
    "no ending": ("photo", "photo.png"),
    "another ending": ("IMG_0001.HEIC", "IMG_0001.png"),
    "own ending in capitals": ("IMG_0001.PNG", "IMG_0001.PNG"),
}


@pytest.mark.parametrize("stem", KEPT.values(), ids=KEPT)
def test_names_in_every_script_are_kept_with_their_marks_and_joiners(stem: str) -> None:
    stem = unicodedata.normalize("NFC", stem)
    assert clean_file_name(f"{stem}.png", "png") == f"{stem}.png"
    assert build_result_name(f"{stem}.jpg", "recolor", "png") == f"{stem}-recolor.png"


@pytest.mark.parametrize(("name", "cleaned"), CLEANED.values(), ids=CLEANED)
def test_a_clean_name_is_safe_on_every_system(name: str, cleaned: str) -> None:
    assert clean_file_name(name, "png") == cleaned


@pytest.mark.parametrize("name", ["", "..", "\u200d", ".png"])
def test_the_caller_may_name_what_has_no_name(name: str) -> None:
    assert clean_file_name(name, fallback="") == ""


@pytest.mark.parametrize("ending", ["jpg", "JPEG", "jfif"])
def test_another_spelling_of_the_ending_stays(ending: str) -> None:
    assert clean_file_name(f"a.{ending}", "jpg") == f"a.{ending}"


@pytest.mark.parametrize("piece", ["é", "हि", "ที่", FAMILY, "🇩🇪", SCOTLAND, "क्ष", "👩🏽", "x"])
@pytest.mark.parametrize("offset", range(4))
def test_long_names_are_cut_between_what_is_read_as_one(piece: str, offset: int) -> None:
    name = build_result_name("a" * offset + piece * 300 + ".jpg", "recolor", "png")
    stem = name.removesuffix("-recolor.png")
    assert stem.replace("a", "") == piece * stem.count(piece)
    longer = "a" * offset + piece * (stem.count(piece) + 2) + "-recolor.png"
    assert len(longer.encode()) > MAX_BYTES or len(longer) > MAX_CHARACTERS, "not shorter than necessary"


def test_towers_of_marks_are_bounded() -> None:
    name = clean_file_name("a" + "\u0323" * 500 + "b.png", "png")
    assert len(name) < 40
    assert name.endswith("b.png")


def test_clusters_are_what_is_read_as_one() -> None:
    assert list(split_clusters(f"a{FAMILY}🇩🇪🇫🇷हिक्ष{SCOTLAND}")) == ["a", FAMILY, "🇩🇪", "🇫🇷", "हि", "क्ष", SCOTLAND]


TRICKY = st.sampled_from("./\\ _-\u200d\u200c\ufe0f\u0301\u094dक🏴👨🇩🇪\u202e1\u20e3")
ODD = st.text(st.one_of(st.characters(), TRICKY), max_size=300)


@given(ODD, st.sampled_from(["jpg", "png"]))
def test_a_clean_name_always_fits_and_is_clean(name: str, extension: str) -> None:
    for cleaned in (clean_file_name(name, extension), build_result_name(name, "recolor", extension)):
        assert len(cleaned) <= MAX_CHARACTERS
        assert len(cleaned.encode()) <= MAX_BYTES
        assert unicodedata.is_normalized("NFC", cleaned)
        assert not set(cleaned) & set('/\\<>:"|?*\x00\u202e')
        assert cleaned[0] not in ". "
        assert clean_file_name(cleaned, extension) == cleaned
