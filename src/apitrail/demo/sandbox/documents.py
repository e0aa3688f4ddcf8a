"""Labels as carriers send them: small PDF, PNG and GIF files that open in any viewer.

Written by hand because a label needs only text and bars, and a demo should pull in no imaging library.
"""

from __future__ import annotations

import struct
import zlib
from hashlib import sha256

_WIDTH, _HEIGHT = 400, 600
"""A 4 x 6 inch label at 100 dots per inch."""


def _bars(text: str) -> list[bool]:
    """Stripes that differ from text to text. They look like a barcode and are none."""
    digest = sha256(text.encode()).digest()
    return [bool(byte >> bit & 1) for byte in digest for bit in range(8)]


def pdf_label(lines: list[str], barcode: str) -> bytes:
    """One page of 4 x 6 inches: the lines, then bars. Letters outside Latin-1 become question marks."""
    page = ["BT /F1 12 Tf 16 16 TL 20 400 Td"]
    for line in lines:
        text = line.encode("latin-1", "replace").decode("latin-1")
        text = text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
        page.append(f"({text}) Tj T*")
    page.append("ET")
    page += [f"{20 + index} 60 1 90 re f" for index, black in enumerate(_bars(barcode)) if black]
    content = "\n".join(page).encode("latin-1")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 288 432] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    out = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table)
    return bytes(out)


def _rows(barcode: str) -> list[bytes]:
    """The label's pixels, one byte each: 0 black, 1 white."""
    blank = b"\x01" * _WIDTH
    edge = b"\x00" * _WIDTH
    bars = bytearray(blank)
    for index, black in enumerate(_bars(barcode)):
        if black:
            bars[72 + index] = 0
    framed = b"\x00\x00" + blank[4:] + b"\x00\x00"
    rows = [framed] * _HEIGHT
    rows[:2] = rows[-2:] = rows[178:180] = [edge, edge]
    rows[400:520] = [bytes(bars)] * 120
    return rows


def png_label(barcode: str) -> bytes:
    """400 x 600 pixels, greyscale."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    raw = b"".join(b"\x00" + row.translate(bytes([0, 255]) + bytes(254)) for row in _rows(barcode))
    head = struct.pack(">IIBBBBB", _WIDTH, _HEIGHT, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b"")


def gif_label(barcode: str) -> bytes:
    """400 x 600 pixels, black and white.

    The codes are 8 bits wide as long as fewer than 126 follow a clear code, so a clear code before every row
    quarter keeps each code one whole byte: LZW without a table.
    """
    head = b"GIF89a" + struct.pack("<HHBBB", _WIDTH, _HEIGHT, 0xE6, 0, 0)
    palette = b"\x00\x00\x00\xff\xff\xff" + bytes(126 * 3)
    image = b"\x2c" + struct.pack("<HHHHB", 0, 0, _WIDTH, _HEIGHT, 0) + b"\x07"
    clear, end = b"\x80", b"\x81"
    codes = b"".join(clear + row[start : start + 100] for row in _rows(barcode) for start in range(0, _WIDTH, 100))
    codes += end
    blocks = b"".join(
        bytes([len(codes[start : start + 255])]) + codes[start : start + 255] for start in range(0, len(codes), 255)
    )
    return head + palette + image + blocks + b"\x00\x3b"
