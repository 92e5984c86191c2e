"""Templates: every value is escaped, a name that is not there is an error."""

from collections.abc import Collection

from jinja2 import Environment, PackageLoader, StrictUndefined

from davserver.domain.paths import DrivePath
from davserver.web.assets import ICON, STYLE
from davserver.web.languages import Spoken
from davserver.web.links import ancestors, document_link, path_link
from davserver.web.menu import MENU
from davserver.web.texts import Texts


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
    made.install_gettext_translations(texts.catalogue, newstyle=True)  # type: ignore[attr-defined]
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
    }
    return made
