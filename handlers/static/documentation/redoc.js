// Starts ReDoc on this server's contract.
"use strict";

Redoc.init("/openapi.json", { hideDownloadButton: true }, document.getElementById("redoc"));
