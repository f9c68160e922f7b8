#!/usr/bin/env node
import { checkAsInDevelopment } from "#lib/policy/development";
import { headgate } from "./commands.ts";

checkAsInDevelopment();
process.exitCode = await headgate(process.argv.slice(2));
