"""PROPPATCH (RFC 4918 §9.2): all changes or none."""

from davserver.dav.bodies import xml_of
from davserver.dav.multistatus import multistatus, response
from davserver.dav.patching import outcome, plan_of
from davserver.dav.reply import Reply
from davserver.dav.visit import Visit
from davserver.dav.xmlbody import parse_proppatch


def proppatch(visit: Visit) -> Reply:
    request = visit.request
    plan = plan_of(parse_proppatch(xml_of(request.method, request.body)))
    if plan.wrong:
        # Only whoever may see the thing learns which of its properties are protected.
        entry = visit.services.reading.look(visit.who, request.path, visit.now)
    else:
        entry = visit.services.writing.set_properties(
            visit.who, request.path, plan.dead, request.conditions(), visit.now, plan.modified
        )
    return multistatus([response(request.mount.href_of(entry), outcome(plan))])
