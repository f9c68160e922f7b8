import type { MiddlewareForm } from "./form.ts";

/** Exports of CommonJS modules. */
export const COMMONJS: readonly MiddlewareForm[] = [
  {
    name: "module.exports, a function",
    file: "middleware.js",
    source: String.raw`const { run } = require("./own");

module.exports = function middleware(request) {
  return run(request);
};
`,
    wrapped: String.raw`const { gate } = require("./gate");

const { run } = require("./own");

module.exports = gate.wrap(function middleware(request) {
  return run(request);
});
`,
    onlyNext15: true,
  },
  {
    name: "module.exports, an object",
    file: "middleware.js",
    source: String.raw`const { run } = require('./own')

function middleware(request) {
  return run(request)
}

module.exports = { middleware }
`,
    wrapped: String.raw`const { gate } = require('./gate')

const { run } = require('./own')

function middleware(request) {
  return run(request)
}

module.exports = { middleware: gate.wrap(middleware) }
`,
    onlyNext15: true,
  },
  {
    name: "exports.middleware",
    file: "middleware.js",
    source: String.raw`"use strict";

const { run } = require("./own");

exports.middleware = async (request) => run(request);
`,
    wrapped: String.raw`"use strict";

const { gate } = require("./gate");

const { run } = require("./own");

exports.middleware = gate.wrap(async (request) => run(request));
`,
    onlyNext15: true,
  },
  {
    name: "module.exports.middleware",
    file: "middleware.js",
    source: String.raw`const { auth } = require("./own");

module.exports.middleware = auth;
`,
    wrapped: String.raw`const { gate } = require("./gate");

const { auth } = require("./own");

module.exports.middleware = gate.wrap(auth);
`,
    onlyNext15: true,
  },
];
