import { token } from "./token.ts";

process.exitCode = await token(process.argv.slice(2));
