"""Pictures of one handwritten digit, turned into the features the model reads.

The features are those of scikit-learn's digits data set: an 8x8 grid, row by row, where 0 is
blank paper and 16 is full ink. :func:`extract` finds the ink in any picture Pillow can read here
(see :data:`FORMATS`), whatever its size, polarity, transparency and orientation, and lays it onto
that grid the same way at training and at serving time.
"""

import io

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

__all__ = [
    "BlankPicture",
    "BrokenPicture",
    "NotAPicture",
    "PictureError",
    "PictureTooLarge",
    "extract",
]

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
MAX_PIXELS = 12_500_000
GRID = 8
FULL_INK = 16.0

_WORKING_SIZE = 512
_SCALABLE = ("L", "LA", "RGB", "RGBA", "CMYK")
_MIN_CONTRAST = 24.0
_FAINT_INK = 0.25
_BROKEN = "the picture is truncated or damaged"
_TOO_LARGE = f"the picture has more than {MAX_PIXELS:,} pixels"


class PictureError(ValueError):
    """The upload cannot be turned into features; the message tells its sender why."""


class NotAPicture(PictureError):
    """The bytes are in none of the picture formats read here."""


class BrokenPicture(PictureError):
    """The bytes start like a picture but cannot be decoded to the end."""


class PictureTooLarge(PictureError):
    """The picture would decode to more than :data:`MAX_PIXELS`."""


class BlankPicture(PictureError):
    """The picture decodes, but shows no ink on a background."""


def extract(data: bytes) -> np.ndarray:
    """Return the 64 features of the digit in an encoded picture, as float32 from 0 to 16.

    Raises a :class:`PictureError`, and nothing else, for bytes that hold no readable digit.
    """
    return _grid(_ink(_luminance(_decode(data))))


def _decode(data: bytes) -> Image.Image:
    """Decode the first frame, upright, as L or RGBA, at most :data:`_WORKING_SIZE` a side.

    The header alone decides whether a picture is too large, before any pixel is decoded. Scaling
    comes before conversion where it can, as a full-sized copy costs the most memory here.
    """
    # Decoders meet hostile bytes here, and no list of what Pillow may raise on them is complete.
    try:
        picture = Image.open(io.BytesIO(data), formats=FORMATS)
    except UnidentifiedImageError as error:
        raise NotAPicture(f"not a picture in a format read here: {', '.join(FORMATS)}") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PictureTooLarge(_TOO_LARGE) from error
    except Exception as error:
        raise BrokenPicture(_BROKEN) from error
    if picture.width * picture.height > MAX_PIXELS:
        raise PictureTooLarge(_TOO_LARGE)
    try:
        mode = "RGBA" if picture.has_transparency_data else "L"
        if picture.mode.startswith("I"):
            picture = Image.fromarray((np.asarray(picture) >> 8).astype(np.uint8))
        elif picture.mode not in _SCALABLE or "transparency" in picture.info:
            picture = picture.convert(mode)
        picture.thumbnail((_WORKING_SIZE, _WORKING_SIZE))
        return ImageOps.exif_transpose(picture).convert(mode)
    except Exception as error:
        raise BrokenPicture(_BROKEN) from error


def _luminance(picture: Image.Image) -> np.ndarray:
    """Return the picture's luminance, with see-through parts set apart from what is visible.

    A digit drawn on nothing gets a background opposite to its own luminance, so that white ink
    and black ink both stay visible.
    """
    if picture.mode == "L":
        return np.asarray(picture, dtype=np.float32)
    alpha = picture.getchannel("A")
    visible = alpha.getbbox()
    if visible is None:
        raise BlankPicture("the picture is fully transparent")
    luminance = np.asarray(picture.convert("RGB").convert("L").crop(visible), dtype=np.float32)
    opacity = np.asarray(alpha.crop(visible), dtype=np.float32) / 255
    background = 255.0 if np.average(luminance, weights=opacity) < 128 else 0.0
    return luminance * opacity + background * (1 - opacity)


def _ink(luminance: np.ndarray) -> np.ndarray:
    """Return how much ink each pixel holds, from 0 (the background at the border) to 1."""
    border = np.concatenate([luminance[0], luminance[-1], luminance[:, 0], luminance[:, -1]])
    background = np.median(border)
    darker, lighter = background - luminance.min(), luminance.max() - background
    ink = background - luminance if darker >= lighter else luminance - background
    contrast = max(darker, lighter)
    if contrast < _MIN_CONTRAST:
        raise BlankPicture("no digit can be told from the background")
    return np.clip(ink / contrast, 0.0, 1.0)


def _grid(ink: np.ndarray) -> np.ndarray:
    """Crop to the ink, centre it in a square, and average that square over the grid's cells."""
    rows, columns = np.nonzero(ink > _FAINT_INK)
    digit = ink[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    side = max(digit.shape)
    square = np.zeros((side, side), dtype=np.float32)
    top, left = ((side - length) // 2 for length in digit.shape)
    square[top : top + digit.shape[0], left : left + digit.shape[1]] = digit
    cells = Image.fromarray(square).resize((GRID, GRID), Image.Resampling.BOX)
    grid = np.asarray(cells, dtype=np.float32).reshape(-1)
    return grid * (FULL_INK / grid.max())
