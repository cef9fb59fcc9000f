import io

import numpy as np
import pytest
from conftest import EXAMPLES, bomb
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from extraction import (
    BlankPicture,
    BrokenPicture,
    NotAPicture,
    PictureError,
    PictureTooLarge,
    extract,
)

PICTURES = sorted(EXAMPLES.glob("*.png"))


def encoded(picture: Image.Image, kind: str = "PNG", **options) -> bytes:
    data = io.BytesIO()
    picture.save(data, kind, **options)
    return data.getvalue()


def opened(path) -> Image.Image:
    return Image.open(path).convert("L")


def distance(picture: bytes, path) -> float:
    """Return how far a picture's features are from an example's, on average, from 0 to 16."""
    return float(np.abs(extract(picture) - extract(path.read_bytes())).mean())


@pytest.fixture(params=PICTURES, ids=lambda path: path.stem)
def path(request):
    return request.param


def test_features_are_a_normalised_grid(path):
    features = extract(path.read_bytes())
    assert features.shape == (64,)
    assert features.dtype == np.float32
    assert features.min() >= 0
    assert features.max() == pytest.approx(16)


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "GIF", "BMP"])
def test_format_does_not_matter(path, kind):
    assert distance(encoded(opened(path), kind), path) < 0.5


@pytest.mark.parametrize("size", [32, 200, 2000])
def test_size_does_not_matter(path, size):
    picture = opened(path).resize((size, size), Image.Resampling.BICUBIC)
    assert distance(encoded(picture), path) < 1.5


def test_polarity_does_not_matter(path):
    assert distance(encoded(ImageOps.invert(opened(path))), path) < 1e-3


def test_place_does_not_matter(path):
    paper = Image.new("L", (400, 150), 255)
    paper.paste(opened(path), (290, 5))
    assert distance(encoded(paper), path) < 1e-3


def test_faint_ink_on_tinted_paper(path):
    picture = opened(path).point(lambda value: 120 + value // 4)
    assert distance(encoded(picture), path) < 0.5


@pytest.mark.parametrize("ink", [0, 255])
def test_ink_on_nothing(path, ink):
    opacity = ImageOps.invert(opened(path))
    picture = Image.merge("LA", [Image.new("L", opacity.size, ink), opacity])
    assert distance(encoded(picture), path) < 0.5


@pytest.mark.parametrize("mode", ["1", "P", "RGB", "RGBA", "LA", "I;16"])
def test_mode_does_not_matter(path, mode):
    picture = opened(path)
    if mode == "I;16":
        picture = Image.fromarray(np.asarray(picture).astype(np.uint16) * 257)
    else:
        picture = picture.convert(mode)
    assert picture.mode == mode
    assert distance(encoded(picture), path) < 2


def test_cmyk(path):
    assert distance(encoded(opened(path).convert("CMYK"), "JPEG"), path) < 0.5


def test_palette_with_transparency(path):
    picture = opened(path).point(lambda value: 255 if value < 128 else 0).convert("P")
    picture.info["transparency"] = 0
    assert distance(encoded(picture), path) < 3


@pytest.mark.parametrize(("orientation", "turn"), [(3, 180), (6, 90), (8, 270)])
def test_orientation_is_followed(path, orientation, turn):
    exif = Image.Exif()
    exif[0x0112] = orientation
    turned = opened(path).rotate(turn, expand=True)
    assert distance(encoded(turned, exif=exif), path) < 0.5


def test_first_frame_counts(path):
    blank = Image.new("L", (96, 96), 255)
    data = encoded(opened(path), "GIF", save_all=True, append_images=[blank])
    assert distance(data, path) < 0.5


@pytest.mark.parametrize(
    "picture",
    [
        Image.new("L", (50, 50), 255),
        Image.new("L", (50, 50), 0),
        Image.new("RGBA", (50, 50), (0, 0, 0, 0)),
        Image.new("L", (1, 1), 9),
    ],
)
def test_blank(picture):
    with pytest.raises(BlankPicture):
        extract(encoded(picture))


def test_truncated(path):
    data = encoded(opened(path))
    for length in range(60, len(data) - 100, 50):
        with pytest.raises(BrokenPicture):
            extract(data[:length])


@pytest.mark.parametrize("data", [b"", b"seven", b"<svg/>", b"%PDF-1.4", b"\x89PNG\r\n\x1a\n"])
def test_not_a_picture(data):
    with pytest.raises(NotAPicture, match="PNG, JPEG, WEBP, GIF, BMP"):
        extract(data)


def test_format_that_is_not_read_here():
    with pytest.raises(NotAPicture):
        extract(encoded(Image.new("L", (9, 9)), "TIFF"))


@pytest.mark.parametrize("side", [3_600, 12_000, 30_000])
def test_bomb_is_refused_by_its_header(side):
    data = bomb(side)
    assert len(data) < 1_000_000
    with pytest.raises(PictureTooLarge, match="12,500,000 pixels"):
        extract(data)


def test_large_picture_below_the_limit_is_read():
    with pytest.raises(BlankPicture):
        extract(bomb(3_500))


SEVEN = (EXAMPLES / "seven.png").read_bytes()


def attempt(data: bytes) -> None:
    """Extract, where only the declared error may be raised."""
    try:
        features = extract(data)
    except PictureError:
        return
    assert features.shape == (64,)
    assert np.isfinite(features).all()


@given(st.binary())
@example(b"BM" + bytes(60))
@example(b"GIF89a" + bytes(60))
def test_no_bytes_raise_anything_else(data):
    attempt(data)


@given(
    kind=st.sampled_from(["PNG", "JPEG", "WEBP", "GIF", "BMP"]),
    cut=st.floats(0, 1),
    changes=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=9),
)
def test_no_damage_raises_anything_else(kind, cut, changes):
    data = bytearray(encoded(Image.open(io.BytesIO(SEVEN)).convert("L"), kind))
    del data[int(len(data) * (1 - cut / 2)) :]
    for place, value in changes:
        data[int(place * len(data))] = value
    attempt(bytes(data))


@given(
    width=st.integers(1, 40),
    height=st.integers(1, 40),
    seed=st.integers(0, 2**32 - 1),
    mode=st.sampled_from(["L", "LA", "RGB", "RGBA"]),
)
def test_no_picture_raises_anything_else(width, height, seed, mode):
    noise = np.random.default_rng(seed).bytes(width * height * len(mode))
    attempt(encoded(Image.frombytes(mode, (width, height), noise)))
