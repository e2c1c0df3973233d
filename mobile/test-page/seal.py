#!/usr/bin/env python3
"""Writes the digests of the script and the style into the page's own policy. Run it after every change of the page."""
import base64, hashlib, pathlib, re

page = pathlib.Path(__file__).with_name("index.html")
text = page.read_text()
for directive, tag in (("script-src", "script"), ("style-src", "style")):
    body = re.search(rf"<{tag}>(.*?)</{tag}>", text, re.S).group(1)
    digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
    text = re.sub(rf"{directive} 'sha256-[^']*'", f"{directive} 'sha256-{digest}'", text)
page.write_text(text)
