#!/usr/bin/env node
import { headgate } from "./commands.ts";

process.exitCode = await headgate(process.argv.slice(2));
