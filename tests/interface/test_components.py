"""The components as people and screen readers get them, and that nothing in them is escaped twice or not at all."""

from pathlib import Path
from typing import Any

import pytest
from django.template import engines

from vanceweb.interface.templatetags import components

MARKUP = "<b>Tom & Jerry</b>"
ESCAPED = "&lt;b&gt;Tom &amp; Jerry&lt;/b&gt;"


def render(source: str, **values: object) -> str:
    """Return the rendered template with single spaces."""
    return " ".join(engines["django"].from_string(source).render(values).split())


def test_icons_are_inlined_and_a_label_is_read_out(settings: Any, tmp_path: Path) -> None:
    settings.ICONS_DIR = tmp_path
    (tmp_path / "test-only.svg").write_text("<svg></svg>\n")
    assert components.icon("test-only") == '<span class="icon" aria-hidden="true"><svg></svg></span>'
    assert 'role="img" aria-label="&lt;b&gt;"' in components.icon("test-only", "<b>")


def test_an_unknown_icon_raises_an_error(settings: Any, tmp_path: Path) -> None:
    settings.ICONS_DIR = tmp_path
    with pytest.raises(FileNotFoundError):
        components.icon("no-such-icon")


@pytest.mark.parametrize(
    ("name", "shown"),
    [("Ada Lovelace", "AL"), ("vera.maria.vogel", "vv"), ("tom-jones", "tj"), ("alice", "al"), ("x", "x"), ("-", "-")],
)
def test_initials_are_of_the_first_and_the_last_word(name: str, shown: str) -> None:
    assert components.initials(name) == shown


@pytest.mark.parametrize(
    ("tag", "arguments"),
    [
        ("page_head", "title=text lead=text"),
        ("card", "title=text lead=text"),
        ("empty_state", 'icon="lock" title=text text=text'),
        ("stat_tile", "title=text"),
        ("dialog", 'id="ask" title=text'),
        ("tabs", "label=text"),
        ("table", "caption=text"),
    ],
)
def test_texts_are_escaped_once(tag: str, arguments: str) -> None:
    shown = render("{% " + f"{tag} {arguments}" + " %}<p>{{ text }}</p>{% end" + tag + " %}", text=MARKUP)
    # Each text of the tag, a table's twice (its frame has it, too), and the one of the content.
    assert shown.count(ESCAPED) == arguments.count("=text") + (tag == "table") + 1
    assert f"<p>{ESCAPED}</p>" in shown
    assert "<b>" not in shown
    assert "&amp;lt;" not in shown
    assert "&amp;amp;" not in shown


@pytest.mark.parametrize("tag", ["button_row", 'note icon="lock"', 'menu id="more"'])
def test_content_is_kept_and_its_values_are_escaped_once(tag: str) -> None:
    shown = render("{% " + tag + " %}<p>{{ text }}</p>{% end" + tag.split()[0] + " %}", text=MARKUP)
    assert f"<p>{ESCAPED}</p>" in shown
    assert shown.count(ESCAPED) == 1


def test_a_sentence_with_a_value_is_escaped_once() -> None:
    shown = render(
        "{% blocktranslate asvar title %}Remove {{ text }}?{% endblocktranslate %}"
        "{% page_head title=title %}{% endpage_head %}",
        text=MARKUP,
    )
    assert f'<h1 class="break">Remove {ESCAPED}?</h1>' in shown


def test_the_caption_with_a_quote_stays_in_its_attribute() -> None:
    shown = render("{% table caption=text %}{% endtable %}", text='" onfocus="alert(1)')
    assert 'aria-label="&quot; onfocus=&quot;alert(1)"' in shown


def test_names_in_chips_and_avatars_are_escaped() -> None:
    assert f">{ESCAPED}</span>" in render('{% include "components/chip.html" with text=text only %}', text=MARKUP)
    assert ">&lt;b</span>" in render('{% include "components/avatar.html" with name=text only %}', text="<b>")


@pytest.mark.parametrize(("kind", "announced"), [("bad", True), ("hint", False), ("", False)])
def test_only_a_bad_note_is_announced_at_once(kind: str, announced: bool) -> None:
    shown = render('{% note icon="lock" kind=kind %}<p>Stop</p>{% endnote %}', kind=kind)
    assert ('role="alert"' in shown) is announced


def test_a_dialog_is_labelled_by_its_heading_and_closes_without_a_script() -> None:
    shown = render('{% dialog id="ask" title="Really?" %}{% enddialog %}')
    assert 'id="ask" closedby="any" aria-labelledby="ask-title"' in shown
    assert '<h2 id="ask-title">Really?</h2>' in shown
    assert '<form method="dialog">' in shown


def test_a_table_is_scrolled_by_the_keyboard_and_has_its_name() -> None:
    shown = render('{% table caption="Charges" id="charges" %}<tbody></tbody>{% endtable %}')
    assert '<div class="table-frame" tabindex="0" role="region" aria-label="Charges">' in shown
    assert '<table class="table" id="charges">' in shown
    assert '<caption class="visually-hidden">Charges</caption>' in shown


def test_only_a_table_of_the_kind_has_fixed_columns() -> None:
    assert 'class="table table-fixed"' in render('{% table caption="x" kind="fixed" %}{% endtable %}')
    assert "table-fixed" not in render('{% table caption="x" %}{% endtable %}')


def test_pages_are_offered_only_where_there_are_some() -> None:
    source = (
        '{% include "components/pagination.html" with newest=newest older=older'
        ' newest_text="Newest" older_text="Older" only %}'
    )
    assert render(source) == ""
    older = render(source, older="?after=1&x=2")
    assert '<a class="button" href="?after=1&amp;x=2">Older</a>' in older
    assert "Newest" not in older


def test_what_succeeded_is_told_without_stealing_the_focus() -> None:
    shown = render('{% include "components/toast.html" with text=text kind="success" only %}', text=MARKUP)
    assert f'<p role="status">{ESCAPED}</p>' in shown
    assert "open" in shown
    assert "autofocus" not in shown
