"""Any WSGI application in, a hardened HTTPS server out."""

from davserver.serving.health import Health
from davserver.serving.server import running_server
from davserver.serving.settings import Listener
from davserver.serving.worker import AppFactory, Served
from davserver.serving.workers import serve

__all__ = ["AppFactory", "Health", "Listener", "Served", "running_server", "serve"]
