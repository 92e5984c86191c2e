"""What is mistyped is told before any instance is opened: here there is none."""

PASSWORD = "quatre mots sans rapport"
EXPLAIN = ["policy", "explain", "--user", "amina", "--path"]

MANY = "9" * 23
"""More than a database counts to."""
MISTYPED = [
    (["structure", "add", "x-y", "--name", "x", "--kind", "bank"], "", 2, "is not one of"),
    (["person", "add", "bob", "--role", "king", "--name", "x"], "", 2, "is not one of"),
    (["person", "add", "bob", "--role", "manager"], "", 2, "Missing option"),
    (["person", "add", "bob", "--role", "manager", "--name", "x", "--password-stdin"],
     "", 2, "the first line of standard input is empty"),
    (["person", "add", "bob", "--role", "manager", "--name", "x", "--password", PASSWORD],
     "", 2, "No such option"),
    (["app-password", "add", "amina", "--name", "x", "--until", "demain"],
     "", 2, "--until demain: write a date such as"),
    (["app-password", "revoke", "12"], "", 2, "an id has 32 hexadecimal digits"),
    (["client-certificate", "add", "amina", "/nonexistent.pem"],
     "", 2, "/nonexistent.pem cannot be read: No such file"),
    (["client-certificate", "revoke", "12"], "", 2, "an id has 32 hexadecimal digits"),
    (["person"], "", 2, "Usage"),
    (["persons"], "", 2, "No such command"),
    (["grant", "add", "--from", "amina", "--to", "karim", "--path", "/Courrier",
      "--rights", "all"], "", 2, "is not one of"),
    (["grant", "add", "--from", "amina", "--to", "karim", "--path", "/a/../b",
      "--rights", "read"], "", 2, "a name cannot be"),
    (["grant", "add", "--from", "amina", "--to", "karim", "--path", "/Courrier",
      "--rights", "read", "--starts", "demain"], "", 2, "--starts demain: write a date such as"),
    (["grant", "why", "--vault", "amina", "--path", "/Courrier", "--at", "hier"],
     "", 2, "--at hier: write a date such as"),
    (["policy", "rollback", MANY], "", 2, "Invalid value for"),
    (["trail", "show", "--before", MANY], "", 2, "Invalid value for"),
    (["vault", "restore", "amina", "--path", "/x", "--version", MANY],
     "", 2, "Invalid value for"),
    (["grant", "end", "xyz"], "", 2, "an id has 32 hexadecimal digits"),
    (["trail", "verify", "--against", "/nonexistent"], "", 2, "cannot be read"),
    (["vault", "list", "--path", "/x"], "", 2, "say whose file it is"),
    (["policy", "check", "/nonexistent"], "", 7, "cannot be read"),
    ([*EXPLAIN, "/x", "--action", "fly"], "", 2, "is not one of"),
    ([*EXPLAIN, "/Logement", "--action", "get", "--at", "hier"],
     "", 2, "--at hier: write a"),
    ([*EXPLAIN, "/a/../b", "--action", "get"], "", 2, "a name cannot be"),
    ([*EXPLAIN, "/Logement"], "", 2, "Missing option"),
]  # fmt: skip


def test_what_is_mistyped_is_told_and_no_instance_is_looked_for(run):
    for words, given, code, says in MISTYPED:
        ended = run("--config", "/nonexistent/config.yaml", *words, given=given)
        assert ended.code == code, (words, ended)
        assert says in " ".join((ended.err + ended.out).split()), (words, ended)
        assert "Traceback" not in ended.err
