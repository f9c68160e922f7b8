import { listingProgram } from "../control/listing.ts";

const HELP = `Blocks a client or a network while the app runs: each of its requests gets 403.

  npx headgate block --ip 203.0.113.0/24 --for 1h --reason "a flood of logins"
  npx headgate block --user ada --for 7d --reason "abuse, ticket 4711"     or --identity tenant=acme
  npx headgate block --key 5Zb0Qk1hV9sT2mXc7yLr4A --for 30m --reason ...   the client key of a line of the log
  npx headgate block list                                                  what is blocked, with ids
  npx headgate block remove --ip 203.0.113.0/24                            or the id: block remove network:203.0.113.0/24

It shows what it will do, to whom and until when, and asks. --yes does not ask, for scripts. --for takes 1
second to 30 days. --by says who blocks; without it, it is the user of this machine. A network of more
than /8 of IPv4 or /16 of IPv6 needs --wide. --json prints the entry, and --policy names another policy.

A block holds on each instance whose gate follows what is set (live of headgate/live), from its second
request made two seconds later. Blocking what is allowed takes the place of allowing it. An entry about one
client needs HEADGATE_SECRET; a network does not. Where there is no terminal and no --yes it ends with 2.
`;

export default listingProgram("block", HELP);
