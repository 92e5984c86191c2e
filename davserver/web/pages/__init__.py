"""One file per subject; each function answers one row of `davserver.web.routes`."""
