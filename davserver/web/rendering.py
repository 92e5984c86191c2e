"""Templates: every value is escaped, a name that is not there is an error."""

from collections.abc import Callable, Collection
from typing import Any, cast

from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context

from davserver.domain.paths import DrivePath
from davserver.web.assets import ICON, STYLE
from davserver.web.languages import Spoken
from davserver.web.links import ancestors, document_link, path_link
from davserver.web.menu import MENU
from davserver.web.texts import Texts, shown

_TURNS = dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)))
"""What turns the direction of the text after it (Unicode Bidirectional Algorithm, UAX #9 §2)."""


def environments(every: Collection[Texts]) -> dict[str, Environment]:
    """One for each language, so that a sentence is looked up while its template is compiled."""
    languages = [one.spoken for one in every]
    return {texts.language: _environment(texts, languages) for texts in every}


def _environment(texts: Texts, languages: list[Spoken]) -> Environment:
    made = Environment(
        loader=PackageLoader("davserver.web"),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.install_gettext_translations(texts.catalogue, newstyle=True)  # type: ignore[attr-defined]  # its extension adds it
    for name in ("gettext", "ngettext"):
        made.globals[name] = _upright_values(cast("Callable[..., str]", made.globals[name]))
    made.globals |= {
        "style": STYLE.path,
        "icon": ICON.path,
        "languages": languages,
        "menu": MENU,
        "path_link": path_link,
        "document_link": document_link,
        "ancestors": ancestors,
        "to_path": DrivePath.parse,
    }
    made.filters |= {
        "day": texts.day,
        "last_day": texts.last_day,
        "ends_a_day": texts.ends_a_day,
        "moment": texts.moment,
        "size": texts.size,
        "number": texts.number,
        "upright": upright,
        "shown": shown,
    }
    return made


def upright(text: str) -> str:
    """A name in the middle of a sentence: it must not turn the words after it round. Where it is
    alone, in a `<bdi>`, it is as it was written.
    """
    return text.translate(_TURNS)


def _upright_values(say: Callable[..., str]) -> Callable[..., str]:
    """Of what is put into a sentence."""

    @pass_context
    def said(context: Context, *sentences: Any, **values: Any) -> str:
        plain = {
            name: upright(one) if isinstance(one, str) else one for name, one in values.items()
        }
        return say(context, *sentences, **plain)

    return said
