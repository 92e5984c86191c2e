"""The pages: for beneficiaries, professionals, managers and administrators, on the same gate.

Read `app`, `routes`, `reception`, `visit`, then one of `pages` with its template.

In reading order:
    app            the WSGI application
    routes         every page there is
    reception      who asks, in which language; whether a form is theirs
    visit          what a page is given
    pages/         one file for each subject
    answering      answers on their way out
    errors         what a page says when something cannot be done

Forms and files:
    forms          small forms
    typed          what people chose and typed in them
    again          a form that comes back with a sentence
    uploads        files in a form
    parcel         everything that is somebody's, as one ZIP
    zipping        a ZIP that is written while it is sent
    unpacking      names that every system can unpack
    packed         many small rows in little memory
    attended       whether whoever takes something long is still signed in
    slices         some of many rows

Words and looks:
    rendering      templates
    menu           what stands in it, for whom
    audiences      for whom a page is
    links          addresses of pages about a place
    assets         files that pages use
    texts          sentences, dates and sizes in a language
    languages      which there are
    sentences      all sentences, for translators
    marked         a sentence that is looked up later
    happened       the trail in words
    policy_words   what becomes of policy files, in words
    mistakes       what is wrong in them, in words
    refusal_words  what was refused, in words
    health_words   how an instance is, in words
    headers        fields of every page
    cookies        all of them bound to this host
"""
