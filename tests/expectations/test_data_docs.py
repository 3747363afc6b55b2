import re
from collections.abc import Callable
from pathlib import Path

from expectations.gates import build_docs, run_gate
from tests.expectations.warehouse import NEW_LOAD, url_of

LOADED = re.compile(r"""<(?:script|link|img|iframe)\b|@import|url\(| on[a-z]+=|javascript:""")
LINKS = re.compile(r'href="([^"#]+)"')


def test_docs_show_both_gates_and_need_no_other_host(
    warehouse: Path, poison: Callable[[str], None], tmp_path: Path
) -> None:
    poison("update raw.coingecko_markets set current_price = -1 where row_index = 7")
    run_gate("raw", url_of(warehouse), tmp_path, [NEW_LOAD])
    build_docs(tmp_path)
    run_gate("raw", url_of(warehouse), tmp_path, [NEW_LOAD])
    run_gate("marts", url_of(warehouse), tmp_path)

    index = build_docs(tmp_path)
    assert index == tmp_path / "site" / "index.html"

    text = index.read_text("utf-8")
    assert text.count("raw.coingecko_markets") == 1
    assert text.count("marts.fct_hourly_prices") == 1
    pages = list(index.parent.rglob("*.html"))
    assert len(pages) == 1 + 7 + 16
    for page in pages:
        content = page.read_text("utf-8")
        assert not LOADED.search(content), page
        assert "default-src &#39;none&#39;" in content, page
        for link in LINKS.findall(content):
            assert link.startswith("https://") or (page.parent / link).is_file(), (page, link)

    shown = (index.parent / "raw" / "coingecko_markets.html").read_text("utf-8")
    assert "current_price is a positive finite number" in shown
    assert "The vendor&#39;s range is older than its price" in shown
    assert "response-2-7" in shown
    assert "18 of 20 expectations held" in shown
    assert (shown.count(">held<"), shown.count(">broken<")) == (18, 2)
    assert "1 rows" not in shown
