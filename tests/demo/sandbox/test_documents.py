"""Labels must open: each is read back by the rules of its format."""

from __future__ import annotations

import re
import struct
import zlib

from apitrail.demo.sandbox.documents import gif_label, pdf_label, png_label


def test_a_pdf_finds_every_object_where_its_table_says() -> None:
    pdf = pdf_label(["Order (1) \\ 測", "second line"], "123456789012")
    table = int(pdf.rsplit(b"startxref", 1)[1].split()[0])
    assert pdf[table:].startswith(b"xref\n0 6\n")
    offsets = [int(line.split()[0]) for line in pdf[table:].splitlines()[3:8]]
    for number, offset in enumerate(offsets, 1):
        assert pdf[offset:].startswith(b"%d 0 obj" % number)
    length = re.search(rb"/Length (\d+)", pdf)
    assert length
    stream = pdf.split(b"stream\n", 1)[1][: int(length[1])]
    assert stream.endswith(b"re f")
    assert rb"(Order \(1\) \\ ?) Tj" in stream


def test_a_png_has_right_checksums_and_all_its_rows() -> None:
    png = png_label("9400100208303109500645")
    position, data, kinds = 8, b"", []
    while position < len(png):
        (length,) = struct.unpack(">I", png[position : position + 4])
        kind, body = png[position + 4 : position + 8], png[position + 8 : position + 8 + length]
        (checksum,) = struct.unpack(">I", png[position + 8 + length : position + 12 + length])
        assert checksum == zlib.crc32(kind + body)
        kinds.append(kind)
        data += body if kind == b"IDAT" else b""
        position += 12 + length
    assert kinds == [b"IHDR", b"IDAT", b"IEND"]
    pixels = zlib.decompress(data)
    assert len(pixels) == 600 * 401
    assert set(pixels) == {0, 255}


def test_a_gif_decodes_to_all_its_pixels() -> None:
    gif = gif_label("1Z999AA10123456784")
    assert gif[:6] == b"GIF89a"
    position = 13 + 128 * 3 + 10
    assert gif[position] == 7
    codes, position = b"", position + 1
    while gif[position]:
        codes += gif[position + 1 : position + 1 + gif[position]]
        position += 1 + gif[position]
    assert gif[position:] == b"\x00\x3b"
    assert codes.endswith(b"\x81")
    runs = codes[:-1].split(b"\x80")
    # After a clear code the 126th code would need nine bits; no run comes near.
    assert max(len(run) for run in runs) == 100
    assert sum(len(run) for run in runs) == 400 * 600


def test_two_parcels_have_two_labels() -> None:
    assert png_label("1") != png_label("2")
    assert gif_label("1") != gif_label("2")
    assert pdf_label([], "1") != pdf_label([], "2")
