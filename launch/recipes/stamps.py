#!/usr/bin/python3
"""Makes a folder of class folders of Debian's tuxpaint-stamps-default: stamps.py STAMPS LIST OUTPUT

The list says which picture belongs to which split and class. Transparent pictures are composed on white, and pictures
of more than 320 pixels made smaller.
"""
import pathlib
import sys

from PIL import Image

stamps, listing, output = map(pathlib.Path, sys.argv[1:])
for line in listing.read_text().splitlines():
    if line.startswith("#"):
        continue
    split, label, path = line.split(" ", 2)
    if ".." in pathlib.PurePath(split, label, path).parts or any(part.startswith("/") for part in (split, label, path)):
        sys.exit(f"{listing}: {line!r} leads out of the folder")
    picture = Image.open(stamps / path).convert("RGBA")
    picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")
    picture.thumbnail((320, 320))
    target = output / split / label / path.replace("/", "-")
    target.parent.mkdir(parents=True, exist_ok=True)
    picture.save(target)
