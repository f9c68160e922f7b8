import { accountName } from "./accounts.ts";
import { hashPassword, ITERATIONS } from "./passwords.ts";

const HELP = `Prints an entry of DEMO_ACCOUNTS. The password is read as a line from standard input, so
that it appears in no process list and in no shell history.

  node app/_domain/auth/new-account.ts <name> [iterations]
`;

const [name = "", iterations = String(ITERATIONS)] = process.argv.slice(2);
if (/^[^\s:]+$/.test(accountName(name)) && /^[1-9]\d{0,6}$/.test(iterations)) {
  let typed = "";
  for await (const chunk of process.stdin) typed += String(chunk);
  const password = typed.replace(/\r?\n$/, "");
  console.log(`${accountName(name)}:${await hashPassword(password, Number(iterations))}`);
} else {
  console.error(HELP);
  process.exitCode = 1;
}
