// Starts Swagger UI on this server's contract. "Try it out" uses the session of the browser.
"use strict";

const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS", "TRACE"]);

function readCookie(name) {
  const found = document.cookie.split("; ").find((pair) => pair.startsWith(`${name}=`));
  return found && found.slice(name.length + 1);
}

function sendAsShopper(request) {
  request.credentials = "same-origin";
  const token = readCookie("__Host-csrftoken") ?? readCookie("csrftoken");
  if (token && !SAFE_METHODS.has((request.method ?? "GET").toUpperCase())) {
    request.headers["x-csrftoken"] = token;
  }
  // Sellers' requests have one even where they have no body, and Swagger UI sends none then.
  if (new URL(request.url, location.href).pathname.startsWith("/api/i1/")) {
    request.headers["Content-Type"] = "application/json";
  }
  return request;
}

SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  displayRequestDuration: true,
  requestInterceptor: sendAsShopper,
  // Otherwise the page asks a validator elsewhere for a badge.
  validatorUrl: null,
});
