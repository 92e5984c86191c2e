"""PROPPATCH (RFC 4918 §9.2): all changes or none."""

from davserver.dav.bodies import xml_of
from davserver.dav.multistatus import multistatus, response
from davserver.dav.patching import CATEGORY_REFUSED, Plan, outcome, plan_of
from davserver.dav.properties import CATEGORY
from davserver.dav.reply import Reply
from davserver.dav.visit import Visit
from davserver.dav.xmlbody import parse_proppatch
from davserver.domain.drive import Entry
from davserver.domain.errors import Refused


def proppatch(visit: Visit) -> Reply:
    request = visit.request
    plan = plan_of(parse_proppatch(xml_of(request.method, request.body)))
    # Only whoever may see the thing learns which of its properties are protected.
    plan, entry = (plan, _look(visit)) if plan.wrong else _patched(visit, plan)
    said = outcome(plan, visit.reader.language)
    return multistatus([response(request.mount.href_of(entry), said)])


def _patched(visit: Visit, plan: Plan) -> tuple[Plan, Entry]:
    request = visit.request
    try:
        return plan, visit.services.writing.set_properties(
            visit.who, request.path, plan.patch, request.conditions(), visit.now
        )
    except Refused as refused:
        why = CATEGORY_REFUSED.get(refused.reason)
        if plan.patch.classify is None or why is None:
            raise
        return plan.without(CATEGORY, why), _look(visit)


def _look(visit: Visit) -> Entry:
    return visit.services.reading.look(visit.who, visit.request.path, visit.now)
