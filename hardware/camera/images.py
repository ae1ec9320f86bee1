"""Whether bytes are a photo: the one entrance of what a camera sends.

Rules this file obeys:

* Size before content, format before pixels, and every pixel decoded before it is called whole.
"""

from __future__ import annotations

import io

from PIL import Image

from hardware.camera.contract import MAX_BYTES, MAX_SIDE, NoPhoto, Photo, Trouble


def photo(data: bytes) -> Photo:
    """The photo in ``data``; raises NoPhoto."""
    if len(data) > MAX_BYTES:
        raise NoPhoto(Trouble.TOO_LARGE, f"a photo of more than {MAX_BYTES} bytes: ask for fewer pixels")
    try:
        with Image.open(io.BytesIO(data), formats=["JPEG"]) as image:
            width, height = image.size
            if max(width, height) > MAX_SIDE:
                raise NoPhoto(Trouble.TOO_LARGE, f"a photo of {width} by {height} pixels: ask for fewer")
            image.load()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise NoPhoto(Trouble.NOT_A_PHOTO, f"what came from the camera is no whole JPEG: {error}") from error
    return Photo(jpeg=data, width=width, height=height)
