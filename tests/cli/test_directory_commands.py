"""Staff from directories, on the command line."""

from tests.support.instance import Instance, Server


def test_the_report_tells_what_somebody_opened_and_names_no_document(served: Server) -> None:
    instance: Instance = served.instance
    amina = instance.drive("amina")
    assert amina.mkcol("/Courrier").status == 201
    assert amina.put("/Courrier/lettre.txt", b"un").status == 201
    instance.grant("amina", "karim", "/Courrier", "write")
    karim = instance.drive("karim")
    for _ in range(2):
        assert karim.get("/Amina Benali/Courrier/lettre.txt").status == 200
    assert karim.put("/Amina Benali/Courrier/lettre.txt", b"deux").status == 204

    told = instance.json("directory", "report", "karim")
    (day,) = told.pop("days")
    assert (told["login"], told["lost_entries"]) == ("karim", 0)
    del day["day"]
    assert day == {
        "beneficiary": "amina", "name": "Amina Benali", "category": "unclassified",
        "documents": 1, "opened": 2, "changed": 1,
    }  # fmt: skip
    shown = instance.abri("directory", "report", "karim", "--since", "1d")
    assert "Amina Benali (amina)  unclassified  1          2       1" in shown
    assert "lettre" not in shown
    assert "opened and changed nothing" in instance.abri("directory", "report", "zoe")
    assert instance.run("directory", "report", "nobody").returncode == 4
    assert instance.run("directory", "report", "karim", "--since", "soon").returncode == 2
    entries = instance.json("trail", "show", "amina")
    assert [one["details"]["person"] for one in entries if one["what"] == "report"] == ["karim"] * 2
