"""WsgiDAV will have a provider per mount. Ours finds nothing, on purpose."""

from typing import Any

from wsgidav.dav_provider import DAVProvider


class NoProvider(DAVProvider):
    """All that is on a drive is reached through the gate, by our own methods. A method of WsgiDAV
    that was not replaced would come here, and find nothing to act on.
    """

    def get_resource_inst(self, path: str, environ: dict[str, Any]) -> None:  # noqa: ARG002 — WsgiDAV's signature
        return None
