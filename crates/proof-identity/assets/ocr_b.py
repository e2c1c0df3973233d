"""The glyphs of the specimens: one strip of cells, from Debian's fonts-ocr-b (public domain).

    apt-get install fonts-ocr-b && pip install pillow
    python3 ocr_b.py /usr/share/fonts/opentype/ocr-b/OCRB.otf ocr-b.png

OCR-B of size I stands in a pitch of 2.54 mm; a cell is one pitch wide, 60 pixels.
"""

import sys

from PIL import Image, ImageDraw, ImageFont

LETTERS = "<0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
PITCH, HEIGHT = 60, 100

size = 1
while ImageFont.truetype(sys.argv[1], size).getlength("A") < PITCH:
    size += 1
font = ImageFont.truetype(sys.argv[1], size)
strip = Image.new("L", (PITCH * len(LETTERS), HEIGHT), 0)
draw = ImageDraw.Draw(strip)
for at, letter in enumerate(LETTERS):
    draw.text((PITCH * at + PITCH / 2, HEIGHT * 0.8), letter, 255, font=font, anchor="ms")
strip.save(sys.argv[2], optimize=True)
