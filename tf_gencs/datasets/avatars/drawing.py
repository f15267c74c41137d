"""Draws one cartoon face from its attributes, as SVG and as PNG.

This module imports neither TensorFlow nor the rest of the package, so that a process
that only draws starts at once: `python drawing.py` reads people from its standard
input and writes their pictures to its standard output, see `rendering.py`.

The parts are those of python-avatars (MIT licence, after Pablo Stanley's Avataaars).
Each attribute shows in a part of its own, so that every combination can be drawn and
seen: the length of the hair tells `Male`, its colour `Young`. `Bald` takes away what
hair there is above the brows and leaves the rest, hence a bald face still shows both.
"""

import colorsys
import json
import sys
from xml.etree import ElementTree

ATTRIBUTES = (
    "Male",
    "Young",
    "Bald",
    "Mustache",
    "Eyeglasses",
    "Smiling",
    "Mouth_Slightly_Open",
    "Narrow_Eyes",
)
"""Names as in CelebA, in the order of every array of attributes."""

NUISANCES = (
    "hair_style",
    "hair_colour",
    "skin_colour",
    "cloth_colour",
    "background_colour",
    "cloth",
    "brows",
    "eyes",
    "mouth",
    "glasses",
    "mustache",
)
"""What varies besides; each is one number in [0, 1)."""

_HAIR = {
    0: ("BOB", "LONG_NOT_TOO_LONG", "STRAIGHT_1", "STRAIGHT_STRAND", "MIA_WALLACE"),
    1: ("SHORT_FLAT", "SHORT_ROUND", "SHORT_WAVED", "SHORT_CURLY", "CAESAR"),
}
_BALD_MAN = "SIDES"
_SVG = "{http://www.w3.org/2000/svg}"
_MOUTH = {  # (Smiling, Mouth_Slightly_Open)
    (0, 0): ("SERIOUS",),
    (0, 1): ("DISBELIEF", "CONCERNED"),
    (1, 0): ("TWINKLE",),
    (1, 1): ("SMILE", "DEFAULT", "BIG_SMILE"),
}
_EYES = {0: ("DEFAULT", "SURPRISED"), 1: ("CLOSED", "HAPPY")}
_GLASSES = ("PRESCRIPTION_2", "ROUND")
_MUSTACHES = ("MOUSTACHE_FANCY", "MOUSTACHE_MAGNUM")
_BROWS = (
    "DEFAULT_NATURAL",
    "FLAT_NATURAL",
    "RAISED_EXCITED_NATURAL",
    "ANGRY_NATURAL",
)
_CLOTHES = (
    "SHIRT_CREW_NECK",
    "SHIRT_SCOOP_NECK",
    "SHIRT_V_NECK",
    "HOODIE",
    "COLLAR_SWEATER",
)

# Colours run continuously along these ramps. Hair is darker than any skin, grey hair
# lighter than most, and a mustache a little darker than the hair: all stand out.
_SKIN = ((255, 219, 180), (237, 185, 138), (208, 139, 91), (150, 88, 45))
_YOUNG_HAIR = ((24, 18, 16), (74, 44, 36), (112, 58, 40))
_GREY_HAIR = ((190, 190, 196), (240, 240, 244))
_MUSTACHE_SHADE = 0.75

# The square of the drawing (264 x 280) that becomes the image: face and hair.
_VIEW_BOX = ("28", "8", "208", "208")
_RAISED = "translate(49, 68)"  # a mustache a little higher, off the mouth
_BESIDE_THE_FACE = "M0,92 H76 V124 A56,56 0 0 0 188,124 V92 H264 V280 H0 Z"


def face_svg(attributes, nuisances):
    """Draws a face as SVG.

    Args:
        attributes: 8 numbers 0 or 1, in the order of `ATTRIBUTES`.
        nuisances: 11 numbers in [0, 1), in the order of `NUISANCES`.

    Returns:
        str, the same for the same numbers and version of python-avatars.
    """
    import python_avatars as parts

    has = dict(zip(ATTRIBUTES, map(int, attributes), strict=True))
    at = dict(zip(NUISANCES, map(float, nuisances), strict=True))
    hair_ramp = _YOUNG_HAIR if has["Young"] else _GREY_HAIR
    hair_colour = _along(hair_ramp, at["hair_colour"])
    mouths = _MOUTH[has["Smiling"], has["Mouth_Slightly_Open"]]
    hair = _pick(_HAIR[has["Male"]], at["hair_style"])
    if has["Bald"] and has["Male"]:
        hair = _BALD_MAN
    svg = parts.Avatar(
        style=parts.AvatarStyle.TRANSPARENT,
        top=parts.HairType[hair],
        hair_color=_hex(hair_colour),
        facial_hair=parts.FacialHairType[
            _pick(_MUSTACHES, at["mustache"]) if has["Mustache"] else "NONE"
        ],
        facial_hair_color=_hex([_MUSTACHE_SHADE * value for value in hair_colour]),
        accessory=parts.AccessoryType[
            _pick(_GLASSES, at["glasses"]) if has["Eyeglasses"] else "NONE"
        ],
        eyes=parts.EyeType[_pick(_EYES[has["Narrow_Eyes"]], at["eyes"])],
        eyebrows=parts.EyebrowType[_pick(_BROWS, at["brows"])],
        mouth=parts.MouthType[_pick(mouths, at["mouth"])],
        nose=parts.NoseType.DEFAULT,
        skin_color=_hex(_along(_SKIN, at["skin_colour"])),
        clothing=parts.ClothingType[_pick(_CLOTHES, at["cloth"])],
        clothing_color=_hue(at["cloth_colour"], saturation=0.6, value=0.75),
    ).render()
    return _adapted(svg, bald=has["Bald"] and not has["Male"])


def face_png(attributes, nuisances, size):
    """Draws a face as the bytes of an opaque PNG image of size x size pixels."""
    import resvg_py

    at = dict(zip(NUISANCES, map(float, nuisances), strict=True))
    return resvg_py.svg_to_bytes(
        svg_string=face_svg(attributes, nuisances),
        width=size,
        height=size,
        background=_hue(at["background_colour"], saturation=0.3, value=0.82),
        skip_system_fonts=True,
    )


def _adapted(svg, bald):
    """Mends and frames what python-avatars drew."""
    root = ElementTree.fromstring(svg)
    _, _, width, height = _VIEW_BOX
    root.set("viewBox", " ".join(_VIEW_BOX))
    root.set("width", width)
    root.set("height", height)
    top = _by_id(root, "transparent_Top")
    for group in top.iter():
        for child in group:
            # The parts have a colour of their own below the one that is asked for;
            # it would shine through along the edges.
            if _id(child).endswith("Hair-Color"):
                for shape in group.findall(f"{_SVG}use"):
                    shape.set("fill", child.get("fill"))
            if _id(child).endswith("_Facial-Hair"):
                child.set("transform", _RAISED)
    if bald:
        _keep_hair_beside_the_face(root, top)
    return ElementTree.tostring(root, encoding="unicode")


def _keep_hair_beside_the_face(root, top):
    clip = ElementTree.SubElement(root.find(f"{_SVG}defs"), f"{_SVG}clipPath")
    clip.set("id", "beside_the_face")
    ElementTree.SubElement(clip, f"{_SVG}path").set("d", _BESIDE_THE_FACE)
    (parts,) = top.findall(f"{_SVG}g")
    for place, child in enumerate(list(parts)):
        if not _id(child).endswith(("_Facial-Hair", "_Accessory")):
            clipped = ElementTree.Element(f"{_SVG}g")
            clipped.set("clip-path", "url(#beside_the_face)")
            clipped.append(child)
            parts[place] = clipped


def _by_id(root, name):
    for element in root.iter():
        if _id(element) == name:
            return element
    raise RuntimeError(f"This version of python-avatars draws no part {name!r}")


def _id(element):
    return element.get("id", "")


def _pick(items, at):
    return items[int(at * len(items))]


def _along(ramp, at):
    """The colour at a place in [0, 1) of the line through a ramp's colours."""
    place = at * (len(ramp) - 1)
    start = int(place)
    return [
        a + (place - start) * (b - a)
        for a, b in zip(ramp[start], ramp[start + 1], strict=True)
    ]


def _hue(at, saturation, value):
    return _hex([255 * part for part in colorsys.hsv_to_rgb(at, saturation, value)])


def _hex(colour):
    return "#" + "".join(f"{round(part):02x}" for part in colour)


def main():
    """Reads JSON {"size": ..., "people": ...}; writes lengths (4 bytes) and PNGs."""
    job = json.load(sys.stdin)
    for attributes, nuisances in job["people"]:
        png = face_png(attributes, nuisances, job["size"])
        sys.stdout.buffer.write(len(png).to_bytes(4, "big") + png)


if __name__ == "__main__":
    main()
