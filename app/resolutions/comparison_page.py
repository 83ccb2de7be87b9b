"""The comparison of two versions as a page: one file, no script, nothing fetched, every text escaped."""

from html import escape

from app.kernel.i18n import Locale, Text
from app.resolutions.comparison import Comparison, ParagraphChange, ParagraphComparison, SegmentKind

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

_HEADING = Text(vi="So sánh bản {before} với bản {after}", en="Version {before} compared with version {after}")
_TITLE_BEFORE = Text(vi="Tên ở bản {before}: {title}", en="Title of version {before}: {title}")
_LEGEND = Text(
    vi="Chữ bị bỏ gạch ngang, chữ thêm vào gạch chân.", en="What is gone is struck out, what is new underlined."
)
_PLACE = Text(vi="Đoạn {position}", en="Paragraph {position}")
_MOVED = Text(vi="Đoạn {position} (trước là đoạn {before})", en="Paragraph {position} (was {before})")
_GONE = Text(vi="Đoạn {position} của bản cũ", en="Paragraph {position} of the old version")
_CHANGES = {
    ParagraphChange.unchanged: Text(vi="Không đổi", en="Unchanged"),
    ParagraphChange.changed: Text(vi="Đã sửa", en="Changed"),
    ParagraphChange.added: Text(vi="Thêm mới", en="Added"),
    ParagraphChange.removed: Text(vi="Đã bỏ", en="Removed"),
}
_TAGS = {SegmentKind.same: "span", SegmentKind.removed: "del", SegmentKind.added: "ins"}
_STYLE = """
:root{color-scheme:light dark}
body{margin:0 auto;max-width:44rem;padding:1rem;font:1.0625rem/1.6 system-ui,sans-serif;overflow-wrap:anywhere}
h1{font-size:1.25rem;line-height:1.35}
h2{font-size:.9375rem;margin:0}
article{border-left:.25rem solid #8a8a8a;margin:1rem 0;padding:.25rem 0 .25rem .75rem}
article p{margin:.25rem 0;white-space:pre-wrap}
.changed{border-color:#b26a00}.added{border-color:#2e7d32}.removed{border-color:#c62828}
del{background:#c6282833}ins{background:#2e7d3233}
"""


def render_comparison(compared: Comparison, *, locale: Locale) -> str:
    """Return the page as HTML."""
    heading = _HEADING.format(before=compared.from_version, after=compared.to_version).to(locale)
    renamed = ""
    if compared.title_before != compared.title_after:
        said = _TITLE_BEFORE.format(before=compared.from_version, title=compared.title_before).to(locale)
        renamed = f"<p>{escape(said)}</p>"
    paragraphs = "\n".join(_paragraph(paragraph, locale) for paragraph in compared.paragraphs)
    return f"""<!doctype html>
<html lang="{locale.value}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(heading)}</title>
<style>{_STYLE}</style>
</head>
<body>
<main>
<h1>{escape(compared.title_after)}</h1>
{renamed}
<p>{escape(heading)}. {escape(_LEGEND.to(locale))}</p>
{paragraphs}
</main>
</body>
</html>
"""


def _paragraph(paragraph: ParagraphComparison, locale: Locale) -> str:
    heading = f"{_place(paragraph).to(locale)} · {_CHANGES[paragraph.change].to(locale)}"
    words = "".join(
        f"<{_TAGS[segment.kind]}>{escape(segment.text)}</{_TAGS[segment.kind]}>" for segment in paragraph.segments
    )
    return f'<article class="{paragraph.change.value}">\n<h2>{escape(heading)}</h2>\n<p>{words}</p>\n</article>'


def _place(paragraph: ParagraphComparison) -> Text:
    before, after = paragraph.before, paragraph.after
    if before is None or after is None:
        only = after or before
        assert only is not None
        return (_PLACE if after else _GONE).format(position=only.position)
    if before.position != after.position:
        return _MOVED.format(position=after.position, before=before.position)
    return _PLACE.format(position=after.position)
