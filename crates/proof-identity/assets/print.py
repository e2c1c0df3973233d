"""The glyphs of the specimens' print: one strip of cells, from Debian's fonts-dejavu-core (Bitstream Vera's licence).

    apt-get install fonts-dejavu-core && pip install pillow
    python3 print.py /usr/share/fonts/truetype/dejavu/DejaVuSans.ttf print.png

It also says how wide each glyph is, for `specimen/print.rs`. A capital is 48 pixels high.
"""

import sys

from PIL import Image, ImageDraw, ImageFont

LETTERS = " .,-/0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
CELL, HEIGHT, CAPITAL, BASE = 72, 80, 48, 60

size = 1
while -ImageFont.truetype(sys.argv[1], size).getbbox("H", anchor="ls")[1] < CAPITAL:
    size += 1
font = ImageFont.truetype(sys.argv[1], size)
strip = Image.new("L", (CELL * len(LETTERS), HEIGHT), 0)
draw = ImageDraw.Draw(strip)
for at, letter in enumerate(LETTERS):
    draw.text((CELL * at + 4, BASE), letter, 255, font=font, anchor="ls")
strip.save(sys.argv[2], optimize=True)
print([round(font.getlength(letter)) for letter in LETTERS])
