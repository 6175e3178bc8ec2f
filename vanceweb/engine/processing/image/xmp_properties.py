"""The XMP properties that a changed picture makes wrong: orientation, size, and pointers to what is not in the file."""

from vanceweb.engine.processing.image.xmp import Edits, Name, change_xmp, read_properties

TIFF, EXIF = "http://ns.adobe.com/tiff/1.0/", "http://ns.adobe.com/exif/1.0/"
CAMERA, PANORAMA = "http://ns.google.com/photos/1.0/camera/", "http://ns.google.com/photos/1.0/panorama/"
NOTE = "http://ns.adobe.com/xmp/note/"

ORIENTATION: Name = (TIFF, "Orientation")
HAS_EXTENSION: Name = (NOTE, "HasExtendedXMP")
WIDTHS: tuple[Name, ...] = ((TIFF, "ImageWidth"), (EXIF, "PixelXDimension"))
HEIGHTS: tuple[Name, ...] = ((TIFF, "ImageLength"), (EXIF, "PixelYDimension"))
RESOLUTIONS: tuple[Name, ...] = ((TIFF, "XResolution"), (TIFF, "YResolution"))
RESOLUTION_UNIT: Name = (TIFF, "ResolutionUnit")
INCH_UNIT = "2"

# A panorama's measures in px: the width and height of the picture itself, then those that grow with it.
PANORAMA_WIDTHS = ("CroppedAreaImageWidthPixels", "FullPanoWidthPixels", "CroppedAreaLeftPixels",
                   "LargestValidInteriorRectLeft", "LargestValidInteriorRectWidth")  # fmt: skip
PANORAMA_HEIGHTS = ("CroppedAreaImageHeightPixels", "FullPanoHeightPixels", "CroppedAreaTopPixels",
                    "LargestValidInteriorRectTop", "LargestValidInteriorRectHeight")  # fmt: skip

# What points to pictures and films behind the first picture: gain maps (Adobe, Apple), Google's list of what the file
# contains, dynamic depth, and motion photos.
GAIN_MAP_NAMESPACES = frozenset({"http://ns.adobe.com/hdr-gain-map/1.0/", "http://ns.apple.com/HDRGainMap/1.0/"})
POINTER_NAMESPACES = GAIN_MAP_NAMESPACES | {
    "http://ns.apple.com/pixeldatainfo/1.0/",
    "http://ns.google.com/photos/1.0/container/",
    "http://ns.google.com/photos/1.0/container/item/",
    *(f"http://ns.google.com/photos/dd/1.0/{name}/" for name in
      ("appinfo", "camera", "cameraimage", "container", "depthmap", "device", "earthpose", "image", "imaging_model",
       "item", "lightestimate", "pointcloud", "pose", "profile", "reference", "vendorinfo")),
}  # fmt: skip
FILMS: frozenset[Name] = frozenset(
    (CAMERA, name)
    for name in ("MicroVideo", "MicroVideoVersion", "MicroVideoOffset", "MicroVideoPresentationTimestampUs",
                 "MotionPhoto", "MotionPhotoVersion", "MotionPhotoPresentationTimestampUs")
)  # fmt: skip
POINTERS = Edits(removed=FILMS, removed_namespaces=POINTER_NAMESPACES)

# Small copies of the picture as it was.
THUMBNAILS: frozenset[Name] = frozenset({("http://ns.adobe.com/xap/1.0/", "Thumbnails")})
# Places and maps that no longer fit once the picture has been turned.
PLACES: frozenset[Name] = frozenset(
    {("http://www.metadataworkinggroup.com/schemas/regions/", "Regions"),
     ("http://ns.microsoft.com/photo/1.2/", "RegionInfo")}
)  # fmt: skip
MAP_NAMESPACES = frozenset({"http://ns.google.com/photos/1.0/depthmap/", "http://ns.google.com/photos/1.0/image/"})


def remove_pointers(packet: bytes) -> bytes | None:
    """Remove what points to pictures or films behind the first picture."""
    return change_xmp(packet, POINTERS)


def fit_upright_picture(packet: bytes, *, turned: bool) -> bytes | None:
    """Adapt a packet to the upright first picture alone, which was `turned` for that or was upright already."""
    removed = FILMS | THUMBNAILS | (PLACES if turned else frozenset())
    namespaces = POINTER_NAMESPACES | (MAP_NAMESPACES if turned else frozenset())
    return change_xmp(packet, Edits({ORIENTATION: "1"}, removed, frozenset(namespaces)))


def fit_size(packet: bytes, *, width: int, height: int, dpi: int | None) -> bytes | None:
    """Adapt a packet to a picture of this size in px; `dpi`, if given, replaces the resolution."""
    values: dict[Name, str] = dict.fromkeys(WIDTHS, str(width)) | dict.fromkeys(HEIGHTS, str(height))
    if dpi:
        values |= dict.fromkeys(RESOLUTIONS, f"{dpi}/1") | {RESOLUTION_UNIT: INCH_UNIT}
    properties = read_properties(packet)
    values |= _resize_measures(properties, PANORAMA_WIDTHS, width) | _resize_measures(
        properties, PANORAMA_HEIGHTS, height
    )
    return change_xmp(packet, Edits(values))


def _resize_measures(properties: dict[Name, str], names: tuple[str, ...], length: int) -> dict[Name, str]:
    """Return the measures of a panorama whose side, the first of the names, is now `length` px."""
    try:
        measures = {
            (PANORAMA, name): int(properties[PANORAMA, name]) for name in names if (PANORAMA, name) in properties
        }
        before = measures[PANORAMA, names[0]]
        return {name: str(round(measure * length / before)) for name, measure in measures.items()}
    except (KeyError, ValueError, ZeroDivisionError, OverflowError):
        return {}
