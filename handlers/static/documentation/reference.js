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
  defaultHttpClient: { targetKey: "shell", clientKey: "curl" },
});
