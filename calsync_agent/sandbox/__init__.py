"""A simulated Exchange 365 tenant: a token endpoint and Graph's calendar API, over HTTPS.

It stands in for Microsoft in the demo, in tests and for an admin who tries the product without a
tenant. It is an independent second implementation of what Graph does: it shares no code with the
sync, which reaches it only through `authority`, `graph_url` and `ca_file`. What Graph refuses, it
refuses.

    model/    mailboxes, events, series, meetings, mail: no HTTP
    graph/    Graph's requests and answers: events, views, delta, batches, throttling
    signin/   the token endpoint
    ics/      iCalendar files into mailboxes
    tenant.py everything together; people.py what a person in Outlook does
    app.py    the routes; server.py the HTTPS server; command.py `calsync-agent sandbox`
"""
