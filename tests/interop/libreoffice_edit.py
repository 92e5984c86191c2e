"""Run by Debian's own Python, which has the UNO bridge: open, edit and store one document.

Usage: libreoffice_edit.py OFFICE_PORT URL LOGIN PASSWORD TEXT
Prints the document's text as it was opened, then `stored` or `not stored`. `TEXT` is put at its
beginning.
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
    deadline = time.monotonic() + 60
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


def main(port, url, login, password, text):
    office = connected(port)
    services = office.ServiceManager
    asker = services.createInstanceWithContext("com.sun.star.task.InteractionHandler", office)
    remember_login(office, url, login, password, asker)
    desktop = services.createInstanceWithContext("com.sun.star.frame.Desktop", office)
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
    sys.stdin.readline()
    document.Text.insertString(document.Text.Start, text, False)
    save_by_menu(office, document)
    print("not stored" if document.isModified() else "stored")
    document.close(True)
    desktop.terminate()


main(*sys.argv[1:])
