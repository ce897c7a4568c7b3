// Starts Scalar on this server's contract. It only reads: requests are tried out with Swagger UI.
"use strict";

Scalar.createApiReference("#reference", {
  url: "/openapi.json",
  // Everything below that is off would load from, or send to, a server of Scalar's makers.
  agent: { disabled: true },
  mcp: { disabled: true },
  proxyUrl: "",
  showDeveloperTools: "never",
  telemetry: false,
  withDefaultFonts: false,
  hideClientButton: true,
  hideTestRequestButton: true,
  documentDownloadType: "none",
  persistAuth: false,
  // The samples are the contract's own, which send a session's key and run as they are copied.
  hiddenClients: true,
});
