"""Functions are named by verbs, and no docstring begins with a question word."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[1]
ROOTS = ("vanceweb", "training", "bench")
# A new verb is welcome here; a noun or a past participle isn't.
VERB_LIST = """
abort accept activate add adjust advance age align animate answer append apply appoint ask assign attempt authenticate
average back beat begin blend blur brighten build bulk calculate cancel cartoonize centre change charge check choose
claim clamp clean clear clip close coerce collect colour colourise compare complete compose compress compute confine
confirm connect convert cool copy correct count create crop cut darken deactivate deblur decide decode deconvolve
decorate decrypt degrade delete deliver denoise describe detect determine die dilate discolour dismiss displace dither
divide double download draw drop emit encode encrypt end endpoint enforce enhance enlarge ensure estimate examine
execute export extend extract extrapolate fade fail fetch fill filter find finish fit flatten follow forget format
forward free generate get gettext give grant group guard halve hand handle hash hide hold ignore import inpaint insert
inspect install intensify invert iterate join keep kill learn leave list load localise locate lock log make mark match
measure migrate mirror mix move multiply narrow normalise note of open optimise order override own pad paint park parse
pause plan play poll post posterise predict prefer prepare print process quantise read reauthenticate rebuild receive
recolour recompress recompute reconcile record recover redraw reduce refine refresh refuse reject release remember
remove rename render repaint repair repeat replace report request requeue require reserve reset resize resolve respond
restore retouch retry reveal revoke rotate round run sample save schedule seed seek segment select send separate serve
set settle shade share sharpen shift shorten show shrink shut sign simulate smooth soften solve sort split start stop
store stream stretch strip submit sum suppress sweep sync take tell test track train transfer transform translate
transpose truncate unload unlock unpark update upload upsample use validate wait wake walk warm weigh withdraw write
"""
VERBS = frozenset(VERB_LIST.split())
PREDICATES, CONVERSIONS = frozenset({"is", "has", "can"}), frozenset({"to", "as"})
# Names that a framework or a protocol wants, and views, which are named by their page.
FIXED_NAME_LIST = """
detail_label detail_value main ready wrapper view middleware handler404 from_db_value readable readinto read1 exists
size listdir health_middleware point points_record progress unknown_endpoint administrator_required team_page
parameter_fields output_fields original_path new_id bundled without_token with_pictures with_connection results charges
unfinished application received file_complete service writable maintenance seekable init_poolmanager proxy_manager_for
returning _new_conn authentication_failed closed_team_page incr label_from_instance on_authentication_error counted
pending post_login pre_authenticate sanitize_file_name user_credentials authenticate
"""
FIXED_NAMES = frozenset(FIXED_NAME_LIST.split())
QUESTION_WORDS = frozenset({"what", "how", "where", "whether", "why", "when"})


def list_modules() -> list[Path]:
    files = (path for root in ROOTS for path in (CHECKOUT / root).rglob("*.py"))
    return sorted(path for path in files if "migrations" not in path.parts)


def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def find_badly_named(tree: ast.Module) -> Iterator[str]:
    """Yield the names of functions that are neither verbs nor predicates nor conversions; properties are nouns."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or node.name.startswith("__"):
            continue
        if any("property" in ast.unparse(decorator) for decorator in node.decorator_list):
            continue
        first = node.name.strip("_").split("_")[0]
        if node.name not in FIXED_NAMES and first not in VERBS | PREDICATES | CONVERSIONS:
            yield node.name


def find_question_words(tree: ast.Module) -> Iterator[str]:
    """Yield the docstrings that begin with a question word."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for node in ast.walk(tree):
        text = ast.get_docstring(node) if isinstance(node, documented) else None
        if text and text.split()[0].strip("`*.,:").lower() in QUESTION_WORDS:
            yield text.splitlines()[0]


def has_free_names(path: Path) -> bool:
    """Return whether the module's functions are named by pages (views) or by what a template shows (tags)."""
    return path.name.startswith("views") or not {"views", "templatetags"}.isdisjoint(path.parts)


@pytest.mark.parametrize("root", ROOTS)
def test_functions_begin_with_a_verb(root: str) -> None:
    modules = [path for path in list_modules() if path.is_relative_to(CHECKOUT / root) and not has_free_names(path)]
    assert modules
    assert {str(path): names for path in modules if (names := list(find_badly_named(parse(path))))} == {}


@pytest.mark.parametrize("root", ROOTS)
def test_no_docstring_begins_with_a_question_word(root: str) -> None:
    modules = [path for path in list_modules() if path.is_relative_to(CHECKOUT / root)]
    assert {str(path): found for path in modules if (found := list(find_question_words(parse(path))))} == {}


def test_the_checks_find_what_they_look_for() -> None:
    tree = ast.parse('def _undone(): "How blur goes."\ndef remove(): pass\nclass A:\n @property\n def noun(self): pass')
    assert list(find_badly_named(tree)) == ["_undone"]
    assert list(find_question_words(tree)) == ["How blur goes."]
