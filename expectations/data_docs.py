"""Data Docs as pages that need nothing but themselves.

Great Expectations' own pages load style sheets and scripts from five public hosts and a logo
whose address carries an id of the project, and the tables of its index are drawn by those
scripts. Here that is cut out, a short style sheet is put in, and the index is written anew.
"""

import json
import re
import shutil
from html import escape
from pathlib import Path
from typing import Any

from expectations.validation import RESULTS_FOLDER, stored_context

SITE_FOLDER = "site"

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem; }
table { border-collapse: collapse; margin: .5rem 0; }
th, td { border-bottom: 1px solid #8884; padding: .3rem .8rem; text-align: left; }
td { vertical-align: top; }
.cooltip .top, .card:has(.btn-group-toggle) { display: none; }
.fa-check-circle::before { color: #1a7f37; content: "\\2713"; }
.fa-times::before { color: #b3261e; content: "\\2717"; }
.fa-exclamation-triangle::before { color: #9a6700; content: "!"; }
.fa-comment::before { content: "note"; font-style: normal; font-size: 80%; }
"""

LOADED_FROM_ELSEWHERE = re.compile(
    r"<script\b.*?</script>|<footer>.*?</footer>|<link\b[^>]*>|<img\b[^>]*>", re.DOTALL
)
FOREIGN_IMAGE = re.compile(r"url\('https?://[^']*'\)")


def write_site(docs_dir: Path) -> Path:
    """Render the results kept under `docs_dir` to `docs_dir/site`; returns its index page."""
    building = docs_dir / f"{SITE_FOLDER}.new"
    shutil.rmtree(building, ignore_errors=True)
    stored_context(docs_dir / RESULTS_FOLDER, building).build_data_docs()
    shutil.rmtree(building / "static", ignore_errors=True)
    for page in building.rglob("*.html"):
        page.write_text(_self_contained(page.read_text("utf-8")), "utf-8")
    (building / "index.html").write_text(_index(docs_dir / RESULTS_FOLDER), "utf-8")
    site = docs_dir / SITE_FOLDER
    shutil.rmtree(site, ignore_errors=True)
    building.rename(site)
    return site / "index.html"


def _self_contained(page: str) -> str:
    page = FOREIGN_IMAGE.sub("none", LOADED_FROM_ELSEWHERE.sub("", page))
    return page.replace("</head>", f"<style>{STYLE}</style></head>", 1)


def _index(results_dir: Path) -> str:
    """One line per table; the last run of each gate."""
    results = {
        path.relative_to(results_dir).with_suffix(".html"): json.loads(path.read_text("utf-8"))
        for path in sorted((results_dir / "validations").rglob("*.json"))
    }
    lines = "".join(_index_line(page, result) for page, result in results.items())
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Data quality gates</title><style>{STYLE}</style></head><body>"
        "<h1>Data quality gates</h1><p>The last run of each gate, made with "
        '<a href="https://greatexpectations.io">Great Expectations</a>.</p>'
        "<table><thead><tr><th>Table</th><th>Expectations</th><th>Critical breaches</th>"
        "<th>Warnings</th><th>Checked at (UTC)</th></tr></thead>"
        f"<tbody>{lines}</tbody></table></body></html>"
    )


def _index_line(page: Path, result: dict[str, Any]) -> str:
    failed = [
        outcome["expectation_config"]["severity"]
        for outcome in result["results"]
        if not outcome["success"]
    ]
    suite = result["suite_name"]
    suite_page = f"expectations/{suite.replace('.', '/')}.html"
    return (
        f'<tr><td><a href="{escape(page.as_posix())}">{escape(suite)}</a></td>'
        f'<td><a href="{escape(suite_page)}">{len(result["results"])}</a></td>'
        f"<td>{failed.count('critical')}</td><td>{failed.count('warning')}</td>"
        f"<td>{escape(result['meta']['run_id']['run_time'][:19])}</td></tr>"
    )
