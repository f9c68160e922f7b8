#!/usr/bin/env node
// The gateway as a program of its own, for a package that holds nothing else: `headgate gateway`.
import gateway from "./commands/gateway.ts";

process.exitCode = await gateway(process.argv.slice(2));
