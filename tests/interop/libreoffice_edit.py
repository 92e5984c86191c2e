"""Run by Debian's own Python, which has the UNO bridge: open, edit and store one document.

Usage: libreoffice_edit.py OFFICE_PORT URL LOGIN PASSWORD TEXT
Prints the document's text as it was opened, and whether it can be changed. Then one order a line:
`go` puts TEXT at its beginning and saves (`stored` or `not stored`), `keep FILE` stores a copy
there (`kept`), `close` closes it (`closed`), `open` opens it again and prints as at first. At the
end of the orders it is closed.
"""

import sys
import time
from urllib.parse import urlsplit

import uno
from com.sun.star.beans import PropertyValue
from com.sun.star.connection import NoConnectException


def connected(port):
    local = uno.getComponentContext()
    resolver = local.ServiceManager.createInstanceWithContext(
        "com.sun.star.bridge.UnoUrlResolver", local
    )
    deadline = time.monotonic() + 180
    while True:
        try:
            return resolver.resolve(
                f"uno:socket,host=127.0.0.1,port={port};urp;StarOffice.ComponentContext"
            )
        except NoConnectException:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def property_value(name, value):
    made = PropertyValue()
    made.Name, made.Value = name, value
    return made


def remember_login(office, url, login, password, asker):
    """LibreOffice looks its passwords up by several spellings of the server's address."""
    passwords = office.ServiceManager.createInstanceWithContext(
        "com.sun.star.task.PasswordContainer", office
    )
    parts = urlsplit(url)
    for place in (url, f"{parts.scheme}://{parts.netloc}", parts.netloc, parts.hostname):
        passwords.add(place, login, (password,), asker)


def save_by_menu(office, document):
    """As a person saves. LibreOffice 7.4 breaks down when `store()` meets a file that is gone."""
    dispatcher = office.ServiceManager.createInstanceWithContext(
        "com.sun.star.frame.DispatchHelper", office
    )
    frame = document.CurrentController.Frame
    dispatcher.executeDispatch(frame, ".uno:Save", "", 0, ())


def opened(desktop, url, asker):
    document = desktop.loadComponentFromURL(
        url,
        "_blank",
        0,
        (
            property_value("Hidden", True),
            property_value("InteractionHandler", asker),
            property_value("AuthenticationHandler", asker),
        ),
    )
    print(document.Text.String)
    print("read-only" if document.isReadonly() else "writable", flush=True)
    return document


def stored(office, document, text):
    document.Text.insertString(document.Text.Start, text, False)
    save_by_menu(office, document)
    return "not stored" if document.isModified() else "stored"


def main(port, url, login, password, text):
    office = connected(port)
    services = office.ServiceManager
    asker = services.createInstanceWithContext("com.sun.star.task.InteractionHandler", office)
    remember_login(office, url, login, password, asker)
    desktop = services.createInstanceWithContext("com.sun.star.frame.Desktop", office)
    document = opened(desktop, url, asker)
    for line in iter(sys.stdin.readline, ""):
        order, _, given = line.strip().partition(" ")
        if order == "go":
            print(stored(office, document, text), flush=True)
        elif order == "keep":
            document.storeToURL(uno.systemPathToFileUrl(given), ())
            print("kept", flush=True)
        elif order == "close":
            document.close(True)
            document = None
            print("closed", flush=True)
        elif order == "open":
            document = opened(desktop, url, asker)
    if document is not None:
        document.close(True)
    desktop.terminate()


main(*sys.argv[1:])
