"""Each group of commands in French, once for what it shows and once for what it refuses."""

import json
import re

import pytest

from admin.main import COMMANDS
from tests.support.instance import Instance

pytestmark = pytest.mark.parametrize("bare", ["sqlite"], indirect=True)

PASSWORD = "quatre mots sans rapport"
NOBODY = "personne n’a l’identifiant «\xa0zoe\xa0»"

SHOWN = [
    (["structure", "list"], 0, "nom court  nom           sorte  fuseau horaire"),
    (["person", "list"], 0, "bénéficiaire"),
    (["person", "show", "karim"], 0, "karim\xa0: Karim Roux, professionnel, actif"),
    (["app-password", "list", "amina"], 0, "amina n’a pas de mot de passe d’appareil."),
    (["client-certificate", "list", "amina"], 0, "amina n’a pas de certificat d’appareil."),
    (["affiliation", "list"], 0, "Il n’y a aucun accompagnement."),
    (["grant", "list"], 0, "lecture"),
    (["grant", "why", "--vault", "amina", "--path", "/Logement"], 0, "peut lire"),
    (["directory", "show"], 0, "Il n’y a aucun annuaire dans config.yaml."),
    (["policy", "status"], 0, "Les fichiers sont ce qui est en vigueur."),
    (["policy", "check"], 0, "les règles peuvent servir."),
    (["policy", "test"], 0, "Promesses d’Abri\xa0: "),
    (["policy", "explain", "--user", "amina", "--path", "/", "--action", "list"], 0, "règle"),
    (["trail", "show", "amina"], 0, "numéro  quand"),
    (["trail", "verify"], 0, ", tout est entier\xa0; 0 ligne a perdu son contenu."),
    (["vault", "list"], 0, "600,0 Mo"),
    (["vault", "check"], 0, "1 coffre, 0 o\xa0: tout est entier."),
    (["vault", "category", "amina", "/Logement"], 0, "logement"),
    (["lock", "list"], 0, "Rien n’est verrouillé."),
    (["keys", "list"], 0, "en usage"),
    (["database", "show"], 0, "schéma "),
    (["certificate", "show"], 0, ", valable jusqu’au "),
    (["doctor"], 0, "ok       trousseau\xa0: "),
]  # fmt: skip

REFUSED = [
    (["structure", "add", "ccas-lyon", "--name", "x", "--kind", "ccas"], 6,
     "il y a déjà une structure «\xa0ccas-lyon\xa0»\xa0; choisissez un autre nom court"),
    (["person", "disable", "zoe"], 4, f"{NOBODY}\xa0; `abri person list` montre qui en a un"),
    (["person", "add", "x1", "--role", "king", "--name", "x"], 2, "n’est pas l’un de ces mots"),
    (["person", "add", "x1"], 2, "Il manque l’option '--role'"),
    (["person", "join", "karim", "ccas-nord"], 4, "il n’y a pas de structure «\xa0ccas-nord\xa0»"),
    (["app-password", "revoke", "12"], 2, "un id a 32 chiffres hexadécimaux"),
    (["client-certificate", "add", "amina", "/nonexistent.pem"], 2,
     "/nonexistent.pem ne peut pas être lu\xa0: ce fichier ou dossier n’existe pas"),
    (["affiliation", "end", "--vault", "amina", "--structure", "ccas-lyon", "--by", "owner"], 4,
     "il n’y a pas d’accompagnement par «\xa0ccas-lyon\xa0» auquel mettre fin"),
    (["grant", "add", "--from", "amina", "--to", "karim", "--path", "/a/../b", "--rights", "read"],
     2, "un nom ne peut être ni vide, ni «\xa0.\xa0», ni «\xa0..\xa0»"),
    (["grant", "renew", "0" * 32, "--until", "hier"], 2, "--until hier\xa0: écrivez une date"),
    (["directory", "check", "x"], 4, "il n’y a pas d’annuaire «\xa0x\xa0» dans config.yaml"),
    (["policy", "rollback"], 4, "il n’y a pas de règles précédentes auxquelles revenir"),
    (["policy", "check", "/nonexistent"], 7, "Ces fichiers ne peuvent pas servir."),
    (["trail", "show", "zoe"], 4, NOBODY),
    (["vault", "restore", "amina", "--path", "/x"], 2, "dites ou bien --path et --version"),
    (["lock", "break", "0" * 32], 4, "il n’y a pas de tel verrou"),
    (["keys", "destroy", "x"], 2, "ceci efface pour de bon la clé de la génération x"),
    (["lock", "open"], 2, "Il n’y a pas de commande 'open'."),
    (["trail", "show", "--limit", "0"], 2, "il faut au moins 1"),
]  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def people(bare: Instance) -> None:
    bare.add_structure("ccas-lyon", "CCAS de Lyon")
    bare.add_person("amina", "beneficiary", "Amina Benali", template="fr")
    bare.add_person("karim", "professional", "Karim Roux", "ccas-lyon")
    bare.abri("grant", "add", "--from", "amina", "--to", "karim", "--path", "/Logement",
              "--rights", "read")  # fmt: skip


def test_what_commands_show(on):
    for words, code, says in SHOWN:
        ended = on("--lang", "fr", *words)
        assert (ended.code, ended.err) == (code, ""), ended
        assert says in ended.out


def test_what_commands_refuse(on):
    for words, code, says in REFUSED:
        ended = on(*words, "--lang=fr")
        assert ended.code == code, ended
        assert says in _unframed(ended.err + ended.out)
        assert "Traceback" not in ended.err


def test_all_that_a_refusal_by_the_rules_says(on, bare: Instance):
    words = ("vault", "recall", "--by", "karim", "--path", "/Amina Benali/Logement")
    english, french = on(*words), on(*words, "--lang", "fr")
    assert (english.code, english.out) == (french.code, french.out)
    assert english.err != french.err
    assert french.err.startswith("abri: ")


def test_a_script_reads_the_same_in_every_language(on, bare: Instance):
    for words in (
        ["person", "list"], ["grant", "list"], ["vault", "list"], ["policy", "status"],
        ["policy", "test"], ["vault", "check"], ["vault", "category", "amina", "/Logement"],
    ):  # fmt: skip
        assert (
            on(*words, "--json", "--lang", "en").json
            == on(*words, "--json", LANG="fr_FR.UTF-8").json
        )
    said = on("grant", "why", "--vault", "amina", "--path", "/Logement", "--json", "--lang", "fr")
    assert "peut lire" in said.json[0]["sentence"]
    missing = on("person", "show", "zoe", "--json", "--lang", "fr")
    assert (missing.code, missing.out) == (4, "")
    assert NOBODY in missing.err


def test_mistakes_in_rules_are_told_as_the_pages_tell_them(on, bare: Instance, tmp_path):
    (tmp_path / "rules.csv").write_text("p, nobody\n")
    ended = on("policy", "check", tmp_path, "--lang", "fr")
    assert ended.code == 7
    assert "Un fichier manque. Remettez-le." in ended.out
    assert " erreurs" in ended.out


@pytest.mark.slow
def test_a_new_instance_and_its_demonstration(run, tmp_path):
    made = run("--lang", "fr", "init", tmp_path / "abri")
    assert "L’instance est créée dans" in made.out
    again = run("--lang", "fr", "init", tmp_path / "abri")
    assert (again.code, "une instance n’est jamais écrasée" in again.err) == (6, True)
    config = ("--config", tmp_path / "abri/config.yaml", "--lang", "fr")
    shown = run(*config, "demo")
    assert "La démonstration est prête." in shown.out
    assert "identifiant  mot de passe" in shown.out
    (tmp_path / "abri/keys/tls.key").unlink()
    refused = run(*config, "serve")
    assert (refused.code, "listen.key\xa0: il n’y a pas de fichier" in refused.err) == (3, True)


@pytest.mark.slow
def test_help_is_french_from_its_first_line_to_its_last(on, run):
    for group in COMMANDS:
        told = _unframed(on("--lang", "fr", group, "--help").out)
        assert f"Emploi\xa0: abri {group} [OPTIONS]" in told
        assert _is_french(told)
        assert ("─ Commandes ─" in told) == COMMANDS[group].is_group
    told = _unframed(run("--help", LANG="fr_FR.UTF-8").out)
    assert "Un coffre de documents qui apparaît comme un disque réseau." in told
    assert _is_french(told)


def _is_french(told: str) -> bool:
    english = (" the ", " of ", "Usage", "Show ", "default", "required")
    return "Montrer cette aide et finir." in told and not any(one in told for one in english)


def _unframed(shown: str) -> str:
    """What a frame broke into lines."""
    return re.sub(r"[ \n│]+", " ", shown)


@pytest.mark.slow
def test_a_terminal_that_has_no_accents_gets_what_it_can_show(on):
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    for environment in ({"LC_ALL": "C"}, plain, {"PYTHONIOENCODING": "ascii"}):
        refused = on("--lang", "fr", "person", "show", "zoe", **environment)
        assert refused.code == 4
        assert refused.err.startswith("abri: personne n")
    shown = on("--lang", "fr", "person", "--help", **plain)
    assert (shown.code, shown.err) == (0, "")
    assert "l\\u2019arr\\xeate pas" in shown.out


def test_an_unknown_language_is_refused(on, bare: Instance):
    ended = on("person", "list", "--lang", "de")
    assert ended.code == 2
    assert "'de' is not one of 'fr', 'en'" in ended.err


def test_what_is_json_for_a_terminal_is_json_for_all(on, bare: Instance):
    assert json.loads(on("doctor", "--json", "--lang", "fr").out)[0]["check"] == "versions"
