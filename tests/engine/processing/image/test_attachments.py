"""Gain maps, films and other things in a file besides its picture: kept, or left out with all that points to them."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.engine.processing.described_files import (
    FILM,
    GAIN_MAP,
    RIGHTS,
    build_extension_segments,
    build_picture_index,
    build_xmp,
    build_xmp_segment,
    encode_jpeg,
    list_indexed_pictures,
    save_described_png,
    save_indexed_jpeg,
    save_jpeg,
)
from tests.engine.processing.image.test_descriptions import ENLARGE, FORMATS, SHARPEN, compress, run
from tests.engine.processing.picture_files import get_srgb_profile, make_halves, read_pixels
from vanceweb.catalogue.output import Output
from vanceweb.catalogue.steps import Step
from vanceweb.engine.processing.image.attachments import NO_CREDENTIALS, NO_DATA, NO_FILM, NO_GAIN_MAP, split_at_end
from vanceweb.engine.processing.image.jpeg_segments import APP2, APP11, GAIN_MAP_NAME, build_segment
from vanceweb.engine.processing.image.picture import FileFormat

ISO_MARK = build_segment(APP2, GAIN_MAP_NAME + b"\0\0\0\0")
HDR_XMP = build_xmp(
    'hdrgm:Version="1.0"',
    "<Container:Directory><rdf:Seq>"
    '<rdf:li rdf:parseType="Resource"><Container:Item Item:Semantic="Primary" Item:Mime="image/jpeg"/></rdf:li>'
    '<rdf:li rdf:parseType="Resource"><Container:Item Item:Semantic="GainMap" Item:Mime="image/jpeg" '
    f'Item:Length="{len(GAIN_MAP)}"/></rdf:li></rdf:Seq></Container:Directory>' + RIGHTS,
)
FILM_XMP = build_xmp(f'GCamera:MicroVideo="1" GCamera:MicroVideoOffset="{len(FILM)}"')
MARKERS = (b"MPF\0", b"hdrgm", b"hdr-gain-map", b"Container", b"urn:iso:std", b"MicroVideo", b"MotionPhoto", b"c2pa")
TRAILER = b"SEFH\x6b\0\0\0 camera data \0\0SEFT"
# What encodes the picture again or takes its metadata away.
OTHER_WORK = {
    "compress at 50": (compress(50),),
    "compress at 99": (compress(99),),
    "compress without metadata": (compress(100, keep_metadata=False),),
    "enlarge": (ENLARGE,),
    "a workflow": (SHARPEN, compress(100)),
}


def save_hdr_photo(folder: Path, order: str = ">", tail: bytes = b"") -> Path:
    return save_indexed_jpeg(
        folder / "p.jpg", ISO_MARK, build_xmp_segment(HDR_XMP), pictures=[GAIN_MAP], tail=tail, order=order
    )


def get_texts(notes: tuple[object, ...]) -> list[str]:
    return [note.text for note in notes]  # type: ignore[attr-defined]


@pytest.mark.parametrize("order", [">", "<"])
@pytest.mark.parametrize("tail", [b"", FILM, TRAILER])
def test_a_gain_map_stays_at_100_and_its_index_is_right(tmp_path: Path, order: str, tail: bytes) -> None:
    source = save_hdr_photo(tmp_path, order, tail)
    before = source.read_bytes()
    result, outcome = run(source, compress(100))
    assert len(result.file) < len(before)
    assert list_indexed_pictures(before)[1] == GAIN_MAP
    first, second = list_indexed_pictures(result.file)
    assert (first, second) == (split_at_end(result.file)[0], GAIN_MAP)
    assert result.file.endswith(GAIN_MAP + tail)
    assert result.xmp == HDR_XMP
    assert ISO_MARK in result.file
    assert (read_pixels(tmp_path / "result") == read_pixels(source)).all()
    assert outcome.notes == ()


@pytest.mark.parametrize("work", list(OTHER_WORK))
def test_a_gain_map_goes_with_its_markers_and_a_note(tmp_path: Path, work: str) -> None:
    for file_format in FORMATS:
        result, outcome = run(save_hdr_photo(tmp_path), *OTHER_WORK[work], output=Output(format=file_format))
        assert not [marker for marker in MARKERS if marker in result.file]
        assert GAIN_MAP not in result.file
        assert get_texts(outcome.notes) == [NO_GAIN_MAP]
        assert (RIGHTS.encode() in result.xmp) == (work != "compress without metadata")


def test_the_film_of_a_motion_photo_stays_at_100(tmp_path: Path) -> None:
    source = save_jpeg(tmp_path / "p.jpg", build_xmp_segment(FILM_XMP), image=make_halves(96, 64), tail=FILM)
    result, outcome = run(source, compress(100))
    assert len(result.file) < source.stat().st_size
    assert result.file[-len(FILM) :] == FILM  # where its XMP says, which counts from the end
    assert b"MicroVideoOffset" in result.xmp
    assert outcome.notes == ()


@pytest.mark.parametrize("work", list(OTHER_WORK))
@pytest.mark.parametrize(
    ("tail", "note"), [(FILM, NO_FILM), (b"\0\0" + TRAILER, NO_DATA), (b"MotionPhoto_Data..", NO_FILM)]
)
def test_data_behind_the_picture_go_with_a_note(tmp_path: Path, work: str, tail: bytes, note: str) -> None:
    source = save_jpeg(tmp_path / "p.jpg", build_xmp_segment(FILM_XMP), tail=tail)
    result, outcome = run(source, *OTHER_WORK[work])
    assert not [marker for marker in MARKERS if marker in result.file]
    assert tail not in result.file
    assert get_texts(outcome.notes) == [note]


def test_any_data_behind_the_picture_stay_at_100(tmp_path: Path) -> None:
    for source in (save_jpeg(tmp_path / "p.jpg", tail=TRAILER), save_described_png(tmp_path / "p.png")):
        if source.suffix == ".png":
            source.write_bytes(source.read_bytes() + TRAILER)
        result, outcome = run(source, compress(100))
        assert result.file.endswith(TRAILER)
        assert len(result.file) < source.stat().st_size
        assert outcome.notes == ()
        result, outcome = run(source, compress(50))
        assert TRAILER not in result.file
        assert [str(note) for note in outcome.notes] == [
            f"Other data behind the picture ({len(TRAILER)} bytes), as some phones add them, were left out."
        ]


@pytest.mark.parametrize("padding", [b"\0" * 300, b"\r\n", b" "])
def test_padding_behind_the_picture_is_no_loss(tmp_path: Path, padding: bytes) -> None:
    assert run(save_jpeg(tmp_path / "p.jpg", tail=padding), SHARPEN)[1].notes == ()


def test_the_second_view_of_a_stereo_photo_stays_at_100(tmp_path: Path) -> None:
    second = encode_jpeg(make_halves(96, 64, left=(0, 90, 0)))
    source = save_indexed_jpeg(tmp_path / "p.jpg", pictures=[second])
    result, outcome = run(source, compress(100))
    assert len(result.file) < source.stat().st_size
    assert list_indexed_pictures(result.file)[1] == second
    with Image.open(tmp_path / "result") as image:
        assert (image.format, getattr(image, "n_frames", 1)) == ("MPO", 2)
        image.seek(1)
        assert np.abs(np.asarray(image)[4, 4].astype(int) - (0, 90, 0)).max() < 8
    assert outcome.notes == ()


def save_with_index(path: Path, index: bytes) -> Path:
    return save_jpeg(path, index, image=make_halves(96, 64), tail=GAIN_MAP)


@pytest.mark.parametrize(
    "index",
    [
        build_picture_index([100, 100], [0, 50]),  # inside the first picture
        build_picture_index([100, 100], [0, 0xFFFF_FF00]),  # behind the end of the file
        build_segment(APP2, build_picture_index([100, 1], [0, 700])[4:60]),
        build_segment(APP2, b"MPF\0"),
        build_segment(APP2, b"MPF\0II*\0\xff\xff\xff\xff"),
        build_segment(APP2, b"MPF\0MM\0*\0\0\0\x08\0\x01\xb0\x02\0\x07\0\0\xff\xf0\0\0\0\x10"),
    ],
)
def test_a_file_with_a_wrong_index_stays_as_it_was(tmp_path: Path, index: bytes) -> None:
    source = save_with_index(tmp_path / "p.jpg", index)
    assert run(source, compress(100))[0].file == source.read_bytes()
    assert b"MPF\0" not in run(source, compress(50))[0].file
    assert b"MPF\0" not in run(source, compress(100, keep_metadata=False))[0].file


def test_pictures_that_only_a_cameras_notes_may_point_to_stay_where_they_are(tmp_path: Path) -> None:
    source = save_jpeg(tmp_path / "p.jpg", image=make_halves(96, 64), tail=encode_jpeg(make_halves(24, 16)))
    result, outcome = run(source, compress(100))
    assert (result.file, outcome.notes) == (source.read_bytes(), ())


def test_markers_in_an_extension_go_too(tmp_path: Path) -> None:
    name, segments = build_extension_segments(build_xmp("", "<hdrgm:Max>1</hdrgm:Max>"))
    packet = build_xmp(f'xmpNote:HasExtendedXMP="{name}" tiff:Make="M"')
    source = save_jpeg(tmp_path / "p.jpg", *segments, build_xmp_segment(packet), tail=FILM)
    for quality in (30, 99):
        result, _ = run(source, compress(quality))
        assert RIGHTS.encode() in result.xmp
        assert not [marker for marker in (*MARKERS, b"HasExtendedXMP") if marker in result.file]


def test_content_credentials_hold_for_the_unchanged_file_only(tmp_path: Path) -> None:
    box = build_segment(APP11, b"JP\0\1\0\0\0\1\0\0\0\x20jumb\0\0\0\x18jumdc2pa")
    jpeg, png = save_jpeg(tmp_path / "p.jpg", box, image=make_halves(96, 64)), save_described_png(tmp_path / "p.png")
    data = b"caBX" + b"\0\0\0\x20jumb\0\0\0\x18jumdc2pa"
    chunk = struct.pack(">I", len(data) - 4) + data + zlib.crc32(data).to_bytes(4)
    file = png.read_bytes()
    png.write_bytes(file[:33] + chunk + file[33:])
    for source in (jpeg, png):
        result, outcome = run(source, compress(100))
        assert (result.file, outcome.notes) == (source.read_bytes(), ())
        for steps in ((compress(60),), (SHARPEN,), (compress(100, keep_metadata=False),)):
            result, outcome = run(source, *steps)
            assert b"c2pa" not in result.file
            assert get_texts(outcome.notes) == [NO_CREDENTIALS]


def test_stripping_keeps_the_profile_and_no_other_segment_of_its_kind(tmp_path: Path) -> None:
    private = build_segment(APP2, b"FPXR\0 a secret")
    source = save_jpeg(tmp_path / "p.jpg", ISO_MARK, private, icc_profile=get_srgb_profile())
    for quality in (30, 100):
        result, _ = run(source, compress(quality, keep_metadata=False))
        assert b"a secret" not in result.file
        assert b"urn:iso:std" not in result.file
        with Image.open(tmp_path / "result") as image:
            assert image.info["icc_profile"] == get_srgb_profile()


@pytest.mark.parametrize("file_format", FORMATS)
def test_notes_come_once_from_a_workflow(tmp_path: Path, file_format: FileFormat) -> None:
    steps: tuple[Step, ...] = (SHARPEN, compress(100), ENLARGE, compress(40))
    _, outcome = run(save_hdr_photo(tmp_path, tail=FILM), *steps, output=Output(format=file_format))
    assert get_texts(outcome.notes) == [NO_GAIN_MAP, NO_FILM]
