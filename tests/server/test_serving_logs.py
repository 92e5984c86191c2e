"""The log of a served application holds numbers and words of ours, and no names."""

import pytest

from tests.support.serving import eventually, get, hello, request, served

pytestmark = pytest.mark.server


def test_an_error_is_logged_by_class_and_place_only():
    def app(_environ, _start_response):
        raise ValueError("Jeanne Moreau")

    with served(app) as running:
        running.ask(get("/Jeanne?Moreau", "Destination: /Moreau"))
        line = running.events("application-error")[0]
        assert line["error"] == "ValueError"
        assert line["where"][-1].startswith("tests.server.test_serving_logs:app:")
        assert "Jeanne" not in running.stream.getvalue()
        assert "Moreau" not in running.stream.getvalue()


def test_what_an_application_complains_about_is_counted_and_not_kept():
    def app(environ, start_response):
        environ["wsgi.errors"].write("Jeanne Moreau\nwas here\n")
        environ["wsgi.errors"].flush()
        start_response("200 OK", [])
        return []

    with served(app) as running:
        running.ask(get())
        assert running.events("application-complaint")[0]["lines"] == 2
        assert "Jeanne" not in running.stream.getvalue()


def test_the_request_line_of_the_log_holds_numbers_and_no_names():
    with served(hello) as running:
        # A line follows its answer: each is awaited, so that the order is that of the requests.
        running.ask(request("GET", "/Jeanne?Moreau", "User-Agent: Godot"))
        assert eventually(lambda: len(running.events("request")) == 1)
        running.ask(request("JEANNE", "/"))
        assert eventually(lambda: len(running.events("request")) == 2)
        line, other = running.events("request")
        assert line["method"] == "GET"
        assert line["status"] == 200
        assert line["network"] == "loopback"
        assert line["sent"] > 5
        assert line["ms"] >= 0
        assert len(line["request"]) == 16
        assert other["method"] == "other"
        for word in ("Jeanne", "JEANNE", "Moreau", "Godot", "127.0.0.1"):
            assert word not in running.stream.getvalue()
