import { listingProgram } from "../control/listing.ts";

const HELP = `Allows a client or a network without counting it, while the app runs. It stands before blocks.

  npx headgate allow --user ada --for 2h --reason "her import runs"        or --identity tenant=acme
  npx headgate allow --ip 198.51.100.7 --for 1d --reason "load test"
  npx headgate allow --key 5Zb0Qk1hV9sT2mXc7yLr4A --for 30m --reason ...   the client key of a line of the log
  npx headgate allow list                                                  what is allowed, with ids
  npx headgate allow remove --user ada                                     or the id: allow remove client:5Zb0...

It shows what it will do, to whom and until when, and asks. --yes does not ask, for scripts. --for takes 1
second to 30 days. --by says who allows; without it, it is the user of this machine. A network of more
than /8 of IPv4 or /16 of IPv6 needs --wide. --json prints the entry, and --policy names another policy.

It holds on each instance whose gate follows what is set (live of headgate/live), from its second request
made two seconds later. Allowing what is blocked takes the place of blocking it. An entry about one client
needs HEADGATE_SECRET; a network does not. Where there is no terminal and no --yes it ends with 2.
`;

export default listingProgram("allow", HELP);
