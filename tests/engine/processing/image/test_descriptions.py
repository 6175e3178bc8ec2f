"""Descriptions of pictures (XMP, IPTC, comments and texts) in the results of all features and formats."""

from pathlib import Path

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngImageFile, PngInfo

from tests.engine.processing.described_files import (
    CAPTION,
    RIGHTS,
    THUMBNAIL,
    Described,
    build_extension_segments,
    build_iptc_segment,
    build_xmp,
    build_xmp_segment,
    read_described,
    save_described_jpeg,
    save_described_png,
    save_jpeg,
)
from tests.engine.processing.picture_files import build_camera_exif, make_halves, save_picture
from vanceweb.catalogue.output import Output
from vanceweb.catalogue.parameters import Params
from vanceweb.catalogue.steps import Step
from vanceweb.engine.processing.image.descriptions import MAX_DESCRIPTIONS, read_descriptions
from vanceweb.engine.processing.image.jpeg_segments import (
    APP1,
    APP13,
    COMMENT,
    RESOURCES_NAME,
    XMP_EXTENSION_NAME,
    XMP_NAME,
    build_segment,
    read_segments,
)
from vanceweb.engine.processing.image.metadata import EXIF_IFD, PIXEL_WIDTH
from vanceweb.engine.processing.image.picture import FileFormat, Picture
from vanceweb.engine.processing.image.png_chunks import SIGNATURE, build_raw_profile
from vanceweb.engine.processing.image.progress import Report
from vanceweb.engine.processing.image.reading import read_picture
from vanceweb.engine.processing.image.xmp import read_properties
from vanceweb.engine.processing.image.xmp_properties import EXIF, PANORAMA, TIFF
from vanceweb.engine.processing.inference.registry import NetworkRegistry
from vanceweb.engine.processing.pipeline import OPERATIONS, Outcome, process_file

ENLARGE, SHARPEN = (
    Step("enlarge3", {"scale": 2}),
    Step("denoise", {"auto_params": False, "remove_noise": 0, "sharpen": 80}),
)
NO_MODELS = NetworkRegistry(Path("nowhere"))
FORMATS: tuple[FileFormat, ...] = ("jpg", "png")


def double(picture: Picture, params: Params, networks: NetworkRegistry, report: Report) -> Picture:
    """Double each side, as networks do that enlarge."""
    return picture.replace_pixels(picture.colours.repeat(2, axis=0).repeat(2, axis=1), None)


def compress(quality: int, *, keep_metadata: bool = True) -> Step:
    return Step("compress", {"quality": quality, "keep_metadata": keep_metadata})


def run(source: Path, *steps: Step, output: Output | None = None) -> tuple[Described, Outcome]:
    target = source.with_name("result")
    operations = {**OPERATIONS, "enlarge3": double}
    outcome = process_file(
        source, target, steps, output or Output(), networks=NO_MODELS, report=lambda done: None, operations=operations
    )
    return read_described(target), outcome


WORK: dict[str, tuple[Step, ...]] = {
    "enlarge": (ENLARGE,),
    "denoise": (SHARPEN,),
    "compress at 50": (compress(50),),
    "compress at 100": (compress(100),),
    "a workflow": (SHARPEN, ENLARGE, compress(80)),
}


@pytest.mark.parametrize("work", list(WORK))
def test_xmp_iptc_and_comments_of_a_jpg_stay(tmp_path: Path, work: str) -> None:
    result, outcome = run(save_described_jpeg(tmp_path / "p.jpg"), *WORK[work])
    assert RIGHTS.encode() in result.xmp
    assert CAPTION in result.iptc
    assert result.comments == ["Grüße".encode(), b"another one"]
    with Image.open(tmp_path / "result") as image:
        assert image.getexif()[0x0110] == "Camera 1"
        assert image.info["photoshop"][0x0404] == CAPTION
    assert outcome.notes == ()


@pytest.mark.parametrize("work", list(WORK))
def test_texts_of_a_png_stay(tmp_path: Path, work: str) -> None:
    result, outcome = run(save_described_png(tmp_path / "p.png"), *WORK[work])
    assert RIGHTS.encode() in result.xmp
    assert (result.texts["parameters"], result.texts["Copyright"]) == ("a red and a blue half, steps: 20", "© Ann")
    assert (result.texts["Title"], result.texts["Comment"]) == ("红与蓝", "behind the pixels")
    with Image.open(tmp_path / "result") as image:
        image.load()
        assert image.getexif()[0x0110] == "Camera 1"
        assert isinstance(image, PngImageFile)
        assert image.text["Title"].lang == "zh"
    assert outcome.notes == ()


def test_a_jpg_that_becomes_a_png_keeps_its_descriptions(tmp_path: Path) -> None:
    result, _ = run(save_described_jpeg(tmp_path / "p.jpg"), ENLARGE, output=Output(format="png"))
    assert RIGHTS.encode() in result.xmp
    assert result.file.count(b"Comment\0") == 2
    (tmp_path / "p.png").write_bytes(result.file)
    back, outcome = run(tmp_path / "p.png", SHARPEN, output=Output(format="jpg"))
    assert RIGHTS.encode() in back.xmp
    assert CAPTION in back.iptc
    assert back.comments == ["Grüße".encode(), b"another one"]
    assert outcome.notes == ()


def test_a_png_that_becomes_a_jpg_keeps_its_descriptions(tmp_path: Path) -> None:
    result, outcome = run(save_described_png(tmp_path / "p.png"), SHARPEN, output=Output(format="jpg"))
    assert RIGHTS.encode() in result.xmp
    assert result.comments == [
        b"parameters: a red and a blue half, steps: 20", "Copyright: © Ann".encode(), "Title: 红与蓝".encode(),
        b"behind the pixels",
    ]  # fmt: skip
    with Image.open(tmp_path / "result") as image:
        assert image.getexif()[0x0110] == "Camera 1"
    assert outcome.notes == ()


@pytest.mark.parametrize("file_format", FORMATS)
@pytest.mark.parametrize("quality", [30, 100])
def test_compress_without_metadata_leaves_no_description(tmp_path: Path, quality: int, file_format: FileFormat) -> None:
    for source in (save_described_jpeg(tmp_path / "p.jpg"), save_described_png(tmp_path / "p.png")):
        stripped = compress(quality, keep_metadata=False)
        for steps in ((stripped,), (stripped, ENLARGE)):
            result, _ = run(source, *steps, output=Output(format=file_format))
            secrets = (
                RIGHTS.encode(),
                CAPTION,
                b"Gr",
                b"another one",
                b"parameters",
                b"Copyright",
                b"Camera 1",
                b"Title",
            )
            assert not [secret for secret in secrets if secret in result.file]
            assert (result.iptc, result.comments, result.texts) == (b"", [], {})


@pytest.mark.parametrize("file_format", FORMATS)
def test_orientation_and_size_in_the_descriptions_are_right(tmp_path: Path, file_format: FileFormat) -> None:
    turned = make_halves().transpose(Image.Transpose.ROTATE_90)
    exif = build_camera_exif(6)
    exif[0x0100], exif.get_ifd(EXIF_IFD)[0x9214] = 32, (10, 10, 4, 4)
    packet = build_xmp(
        'tiff:Orientation="6" tiff:ImageWidth="32" exif:PixelYDimension="48" tiff:XResolution="72/1"',
        "<tiff:ImageLength>48</tiff:ImageLength><exif:PixelXDimension>32</exif:PixelXDimension>" + RIGHTS,
    )
    source = save_jpeg(tmp_path / "p.jpg", build_xmp_segment(packet), image=turned, exif=exif)
    result, _ = run(source, ENLARGE, output=Output(format=file_format, dpi=150))
    properties = read_properties(result.xmp)
    assert properties[TIFF, "Orientation"] == "1"
    assert (properties[TIFF, "ImageWidth"], properties[TIFF, "ImageLength"]) == ("96", "64")
    assert (properties[EXIF, "PixelXDimension"], properties[EXIF, "PixelYDimension"]) == ("96", "64")
    assert properties[TIFF, "XResolution"] == "150/1"
    assert RIGHTS.encode() in result.xmp
    with Image.open(tmp_path / "result") as image:
        written = image.getexif()
        assert (written[0x0112], written[0x0100]) == (1, 96)
        assert written.get_ifd(EXIF_IFD)[PIXEL_WIDTH] == 96
        assert 0x9214 not in written.get_ifd(EXIF_IFD)  # the subject's place among the old px


def test_an_orientation_in_xmp_alone_is_applied_once(tmp_path: Path) -> None:
    packet = build_xmp('tiff:Orientation="6"')
    source = save_jpeg(
        tmp_path / "p.jpg", build_xmp_segment(packet), image=make_halves().transpose(Image.Transpose.ROTATE_90)
    )
    for quality in (30, 100):
        result, _ = run(source, compress(quality))
        with Image.open(tmp_path / "result") as image:
            turned = image.size == (32, 48)
        assert read_properties(result.xmp)[TIFF, "Orientation"] == ("6" if turned else "1")


def test_the_measures_of_a_panorama_grow_with_it(tmp_path: Path) -> None:
    packet = build_xmp('GPano:CroppedAreaImageWidthPixels="48" GPano:FullPanoWidthPixels="100" '
                       'GPano:CroppedAreaImageHeightPixels="32" GPano:CroppedAreaTopPixels="9"')  # fmt: skip
    result, _ = run(save_jpeg(tmp_path / "p.jpg", build_xmp_segment(packet)), ENLARGE)
    properties = read_properties(result.xmp)
    assert properties[PANORAMA, "FullPanoWidthPixels"] == "200"
    assert properties[PANORAMA, "CroppedAreaTopPixels"] == "18"


def test_small_copies_of_the_old_picture_go(tmp_path: Path) -> None:
    packet = build_xmp(
        'xmlns:xmp="http://ns.adobe.com/xap/1.0/"', f"<xmp:Thumbnails>{'A' * 50}</xmp:Thumbnails>{RIGHTS}"
    )
    result, _ = run(save_jpeg(tmp_path / "p.jpg", build_iptc_segment(), build_xmp_segment(packet)), SHARPEN)
    assert THUMBNAIL not in result.file
    assert b"A" * 50 not in result.file
    assert RIGHTS.encode() in result.xmp


def build_long_xmp(size: int) -> bytes:
    return build_xmp("", f"<dc:description>{'x' * size}</dc:description>")


@pytest.mark.parametrize("file_format", FORMATS)
def test_extended_xmp_stays(tmp_path: Path, file_format: FileFormat) -> None:
    extension = build_xmp('tiff:Orientation="1"', f"<dc:description>{'y' * 5000}</dc:description>")
    name, segments = build_extension_segments(extension)
    packet = build_xmp(f'xmpNote:HasExtendedXMP="{name}"')
    source = save_jpeg(tmp_path / "p.jpg", build_xmp_segment(packet), *segments)
    result, outcome = run(source, ENLARGE, output=Output(format=file_format))
    assert RIGHTS.encode() in result.xmp
    assert outcome.notes == ()
    if file_format == "png":
        assert b"y" * 5000 in result.xmp
        assert b"HasExtendedXMP" not in result.xmp
        assert read_properties(result.xmp)  # it is well-formed
    again = read_descriptions(result.file, turned=False)
    assert b"y" * 5000 in (again.xmp_extension or again.xmp or b"")


def test_an_extension_without_all_its_parts_goes_with_its_pointer(tmp_path: Path) -> None:
    name, segments = build_extension_segments(build_long_xmp(5000))
    packet = build_xmp(f'xmpNote:HasExtendedXMP="{name}"')
    result, _ = run(save_jpeg(tmp_path / "p.jpg", build_xmp_segment(packet), *segments[1:]), SHARPEN)
    assert RIGHTS.encode() in result.xmp
    assert b"HasExtendedXMP" not in result.xmp
    assert XMP_EXTENSION_NAME not in result.file


def test_long_xmp_of_a_png_is_split_in_a_jpg(tmp_path: Path) -> None:
    info = PngInfo()
    info.add_itxt("XML:com.adobe.xmp", build_long_xmp(150_000).decode())
    source = save_picture(make_halves(), tmp_path / "p.png", pnginfo=info)
    result, outcome = run(source, SHARPEN, output=Output(format="jpg"))
    assert outcome.notes == ()
    (tmp_path / "p.jpg").write_bytes(result.file)
    back, _ = run(tmp_path / "p.jpg", SHARPEN, output=Output(format="png"))
    assert b"x" * 150_000 in back.xmp
    assert read_properties(back.xmp)


def test_what_a_format_has_no_room_for_is_said(tmp_path: Path) -> None:
    exif = build_camera_exif()
    exif.get_ifd(EXIF_IFD)[0x927C] = b"x" * 70_000
    info = PngInfo()
    info.add_text("Description", "y" * 70_000)
    info.add_text("Author", "Ann")
    source = save_picture(make_halves(), tmp_path / "p.png", exif=exif, pnginfo=info)
    result, outcome = run(source, SHARPEN, output=Output(format="jpg"))
    assert [str(note) for note in outcome.notes] == [
        "The result's format has no room for some of the picture's metadata: EXIF, comments."
    ]
    assert result.comments == [b"Author: Ann"]
    result, outcome = run(source, SHARPEN)
    assert outcome.notes == ()
    assert (result.texts["Author"], len(result.texts["Description"])) == ("Ann", 70_000)


def test_all_descriptions_together_have_a_limit(tmp_path: Path) -> None:
    comment = build_segment(COMMENT, b"z" * 60_000)
    source = save_jpeg(tmp_path / "p.jpg", *[comment] * (MAX_DESCRIPTIONS // 60_000 + 20))
    result, outcome = run(source, SHARPEN)
    assert sum(map(len, result.comments)) <= MAX_DESCRIPTIONS
    assert "comments" in str(outcome.notes[0])


def test_other_places_of_a_png_are_read(tmp_path: Path) -> None:
    """ImageMagick keeps XMP, EXIF and IPTC in texts; they must not stay there beside their own places."""
    info = PngInfo()
    exif = build_camera_exif(6).tobytes()
    resources = read_descriptions(save_described_jpeg(tmp_path / "p.jpg").read_bytes(), turned=False).resources or b""
    for kind, content in (("xmp", build_xmp()), ("APP1", exif), ("8bim", resources), ("icc", b"profile")):
        chunk = build_raw_profile(kind, content)
        info.add(chunk.name, chunk.data)
    source = save_picture(make_halves(), tmp_path / "p.png", pnginfo=info)
    result, _ = run(source, SHARPEN)
    assert RIGHTS.encode() in result.xmp
    assert set(result.texts) == {"XML:com.adobe.xmp", "Raw profile type iptc"}
    with Image.open(tmp_path / "result") as image:
        assert (image.getexif()[0x0110], image.getexif()[0x0112]) == ("Camera 1", 1)


BROKEN = {
    "xmp that is no xml": build_xmp_segment(b"<x:xmpmeta <<"),
    "xmp that ends early": build_xmp_segment(build_xmp('tiff:Orientation="6"')[:-90]),
    "xmp with entities": build_xmp_segment(b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'),
    "xmp in another encoding": build_xmp_segment(build_xmp().decode().encode("utf-16")),
    "xmp of unknown encoding": build_xmp_segment(b'<?xml version="1.0" encoding="nonsense"?><a/>'),
    "xmp without anything": build_xmp_segment(b""),
    "deep xmp": build_xmp_segment(b"<a>" * 300),
    "an extension that claims 4 GB": build_xmp_segment(build_xmp(f'xmpNote:HasExtendedXMP="{"A" * 32}"'))
    + build_segment(APP1, XMP_EXTENSION_NAME + b"A" * 32 + b"\xff" * 8 + b"x"),
    "a short extension": build_segment(APP1, XMP_EXTENSION_NAME),
    "resources that end early": build_segment(APP13, RESOURCES_NAME + b"8BIM\x04\x04\0\0\xff\xff\xff\xff"),
    "resources cut in their name": build_segment(APP13, RESOURCES_NAME + b"8BIM\x04\x04\xff"),
    "an empty comment": build_segment(COMMENT, b""),
    "a comment of zeros": build_segment(COMMENT, b"\0\xff\0"),
}  # fmt: skip


@pytest.mark.parametrize("kind", list(BROKEN))
def test_broken_descriptions_do_not_cost_the_picture(tmp_path: Path, kind: str) -> None:
    source = save_jpeg(tmp_path / "p.jpg", BROKEN[kind], build_segment(COMMENT, b"a comment"))
    for file_format in FORMATS:
        for steps in ((ENLARGE,), (compress(100),), (compress(100, keep_metadata=False),)):
            run(source, *steps, output=Output(format=file_format))
            Image.open(tmp_path / "result").load()
        assert b"a comment" in run(source, ENLARGE, output=Output(format=file_format))[0].file
    assert b'Orientation="6"' not in run(source, ENLARGE)[0].file


def test_segments_and_chunks_that_are_cut_off_end_the_search() -> None:
    comment = build_segment(COMMENT, b"first")
    assert [segment.body for segment in read_segments(b"\xff\xd8" + comment + b"\xff\xe1\xff\xff" + XMP_NAME)] == [
        b"first"
    ]
    assert read_segments(b"\xff\xd8\xff\xe1\x00\x00") == []
    assert read_descriptions(SIGNATURE + b"\x00\x00\x00\x09tEXtab", turned=False).texts == ()


def test_descriptions_of_an_unchanged_picture_are_written_byte_for_byte(tmp_path: Path) -> None:
    source = save_described_png(tmp_path / "p.png")
    first, second = (read_picture(path).metadata.descriptions for path in (source, source))
    assert first == second
    result, _ = run(source, SHARPEN)
    kept = {text.keyword: text.chunk.data for text in read_descriptions(result.file, turned=False).texts}
    assert kept == {text.keyword: text.chunk.data for text in first.texts}
