"""Small documents of every format, and hostile ones."""

from __future__ import annotations

import io
import zipfile

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
CONTAINER = '<?xml version="1.0"?><container><rootfiles><rootfile full-path="OEBPS/book.opf"/></rootfiles></container>'
HTML = """<!DOCTYPE html><html><head><title>野草集</title><style>p{}</style></head><body>
<nav><a>目录</a></nav><h1>秋夜</h1><p>在我的后园，<b>可以</b>看见墙外有两株树。</p><script>alert(1)</script>
<p>一株是枣树&amp;还有一株。</p><h3>又</h3><div>夜半</div></body></html>"""


def zipped(files: dict[str, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for path, data in files.items():
            target.writestr(path, data)
    return buffer.getvalue()


def docx(body: str, **files: str) -> bytes:
    """A Word document with this inside its body."""
    document = f'<?xml version="1.0"?><w:document xmlns:w="{WORD}"><w:body>{body}</w:body></w:document>'
    return zipped({"word/document.xml": document, **files})


def word_paragraph(words: str, style: str = "") -> str:
    mark = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f"<w:p>{mark}<w:r><w:t>{words}</w:t></w:r></w:p>"


def epub(pages: dict[str, str], **files: str) -> bytes:
    """A book of these pages, by their paths from the package document."""
    items = "".join(f'<item id="i{n}" href="{p}" media-type="application/xhtml+xml"/>' for n, p in enumerate(pages))
    spine = "".join(f'<itemref idref="i{n}"/>' for n in range(len(pages)))
    named = "<metadata><dc:title>朝花</dc:title></metadata>"
    package = f'<package xmlns:dc="d">{named}<manifest>{items}</manifest><spine>{spine}</spine></package>'
    held = {f"OEBPS/{path}": page for path, page in pages.items() if ".." not in path}
    return zipped({"META-INF/container.xml": CONTAINER, "OEBPS/book.opf": package, **held, **files})


def pdf(texts: list[str], extra: str = "") -> bytes:
    """A PDF of one page for each text, in Latin letters; the cross-reference table is left to the reader to mend."""
    count = len(texts)
    kids = " ".join(f"{4 + 2 * n} 0 R" for n in range(count))
    parts = [
        "%PDF-1.4",
        "1 0 obj <</Type/Catalog/Pages 2 0 R>> endobj",
        f"2 0 obj <</Type/Pages/Count {count}/Kids[{kids}]>> endobj",
        "3 0 obj <</Type/Font/Subtype/Type1/BaseFont/Helvetica>> endobj",
    ]
    for n, text in enumerate(texts):
        stream = f"BT /F1 12 Tf 20 100 Td ({text}) Tj ET" if text else ""
        parts += [
            f"{4 + 2 * n} 0 obj <</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]"
            f"/Resources<</Font<</F1 3 0 R>>>>/Contents {5 + 2 * n} 0 R>> endobj",
            f"{5 + 2 * n} 0 obj <</Length {len(stream)}>> stream\n{stream}\nendstream endobj",
        ]
    return _indexed(parts, extra)


def _indexed(parts: list[str], extra: str) -> bytes:
    """The objects with their cross-reference table."""
    body, offsets = "", []
    for part in parts:
        offsets.append(len(body))
        body += part + "\n"
    size = len(parts)
    rows = "".join(f"{offset:010d} 00000 n \n" for offset in offsets[1:])
    table = f"xref\n0 {size}\n0000000000 65535 f \n{rows}trailer <</Size {size}/Root 1 0 R{extra}>>\n"
    return f"{body}{table}startxref\n{len(body)}\n%%EOF\n".encode("latin-1")
