#!/usr/bin/env node
// The gateway as a separate program, for a package that holds only it: the command `headgate gateway`.
import gateway from "./commands/gateway.ts";

process.exitCode = await gateway(process.argv.slice(2));
