#!/usr/bin/env node
// Runs the command `headgate gateway` as a separate program, for a package that contains only the gateway.
import gateway from "./commands/gateway.ts";

process.exitCode = await gateway(process.argv.slice(2));
