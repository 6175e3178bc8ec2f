"""Edits of XMP packets, which leave every other byte as it is."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.processing.described_files import RIGHTS, build_xmp
from vanceweb.engine.processing.image.xmp import MAX_PARTS, Edits, change_xmp, read_properties
from vanceweb.engine.processing.image.xmp_properties import (
    EXIF,
    ORIENTATION,
    POINTERS,
    TIFF,
    fit_size,
    fit_upright_picture,
)

UPRIGHT = Edits({ORIENTATION: "1"})


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('tiff:Orientation="6"', 'tiff:Orientation="1"'),
        ("tiff:Orientation = '8'", "tiff:Orientation = '1'"),
        ('dc:a="x > y" tiff:Orientation="3"', 'dc:a="x > y" tiff:Orientation="1"'),
    ],
)
def test_an_attribute_is_set_and_nothing_else_changes(before: str, after: str) -> None:
    assert change_xmp(build_xmp(before), UPRIGHT) == build_xmp(after)


def test_an_element_is_set_and_nothing_else_changes() -> None:
    before = build_xmp("", f"<!-- a > b -->{RIGHTS}<tiff:Orientation>6</tiff:Orientation>")
    after = build_xmp("", f"<!-- a > b -->{RIGHTS}<tiff:Orientation>1</tiff:Orientation>")
    assert change_xmp(before, UPRIGHT) == after


def test_prefixes_may_have_any_name() -> None:
    before = build_xmp('xmlns:t="http://ns.adobe.com/tiff/1.0/" t:Orientation="6"')
    assert read_properties(change_xmp(before, UPRIGHT) or b"")[TIFF, "Orientation"] == "1"


@pytest.mark.parametrize(
    ("attributes", "properties"),
    [
        ('hdrgm:Version="1.0"', ""),
        ("", "<hdrgm:Version>1.0</hdrgm:Version><hdrgm:Max><rdf:Seq><rdf:li>1</rdf:li></rdf:Seq></hdrgm:Max>"),
        ("", '<Container:Directory><rdf:Seq><rdf:li rdf:parseType="Resource"><Container:Item Item:Mime="image/jpeg" '
             'Item:Semantic="Primary"/></rdf:li></rdf:Seq></Container:Directory>'),
        ('GCamera:MicroVideo="1" GCamera:MicroVideoOffset="1234"', ""),
        ("", "<GCamera:MotionPhoto>1</GCamera:MotionPhoto>"),
    ],
)  # fmt: skip
def test_pointers_go_and_the_rest_stays(attributes: str, properties: str) -> None:
    edited = change_xmp(build_xmp(attributes, properties + RIGHTS), POINTERS) or b""
    for pointer in (b"hdrgm", b"hdr-gain-map", b"Container", b"Item", b"MicroVideo", b"MotionPhoto"):
        assert pointer not in edited
    assert RIGHTS.encode() in edited
    assert read_properties(edited)
    assert change_xmp(build_xmp(attributes, properties), POINTERS) is None


def test_faces_and_depth_stay_unless_the_picture_is_turned() -> None:
    regions = 'xmlns:m="http://www.metadataworkinggroup.com/schemas/regions/"'
    packet = build_xmp(regions, f"<m:Regions rdf:parseType='Resource'/>{RIGHTS}")
    assert b"<m:Regions" in (fit_upright_picture(packet, turned=False) or b"")
    assert b"<m:Regions" not in (fit_upright_picture(packet, turned=True) or b"")


@pytest.mark.parametrize("damage", [b"</a>", b"&nonsense;", b"\xff\xfe", b"\0"])
def test_a_packet_that_cannot_be_read_stays_only_if_it_says_nothing_wrong(damage: bytes) -> None:
    harmless, wrong = (build_xmp(text).replace(b"</dc:rights>", damage) for text in ("", 'tiff:Orientation="6"'))
    assert change_xmp(harmless, UPRIGHT) == harmless
    assert change_xmp(wrong, UPRIGHT) is None
    assert fit_size(harmless, width=4, height=5, dpi=300) == harmless


def test_a_packet_of_any_size_is_read_in_a_moment() -> None:
    started = time.monotonic()
    for packet in (
        build_xmp("", "<dc:a>x</dc:a>" * MAX_PARTS),
        build_xmp("", "<dc:a>" + "x\n" * 200_000 + "</dc:a>"),
        build_xmp(" ".join(f'dc:x{number}="y"' for number in range(MAX_PARTS)), ""),
        b"<a " + b'b="' * 100_000,
    ):
        fit_size(packet, width=4, height=5, dpi=None)
    assert time.monotonic() - started < 10


@given(packet=st.binary(max_size=300), cut=st.integers(0, 1500))
def test_nothing_crashes(packet: bytes, cut: int) -> None:
    for content in (packet, build_xmp('exif:PixelXDimension="1"')[:cut] + packet):
        edited = fit_size(content, width=7, height=8, dpi=72)
        assert edited is None or read_properties(edited).get((EXIF, "PixelXDimension"), "7") == "7"
